// SPDX-License-Identifier: Apache-2.0
import type { Stats } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { Command } from 'commander';
import { sha256Of } from '#src/domain/digest.ts';
import type { ContentAttributes, Finding, Verdict } from '#src/domain/evidence.ts';
import { type RepoPath, repoPathProblem } from '#src/domain/path.ts';
import { createScanner, type Scanner, type ScanTarget } from '#src/scan/scanner.ts';
import { EXIT } from './exit.ts';
import { printed } from './printed.ts';
import { startFolder } from './start-folder.ts';

/** A finding and the file that it is about. */
interface FileFinding extends Finding {
  readonly file: string;
}

/** What is printed of one PATH. */
interface Report {
  readonly path: string;
  readonly verdict: Verdict;
  readonly findings: readonly FileFinding[];
  /** By file; of those that have any. */
  readonly attributes: Readonly<Record<string, ContentAttributes>>;
}

const STATUS: Readonly<Record<Verdict, number>> = {
  pass: 0,
  review: 1,
  block: EXIT.refused,
  unscannable: EXIT.refused,
};
const WORST: readonly Verdict[] = ['pass', 'review', 'unscannable', 'block'];

/**
 * `airlock scan PATH...`: judge files and folders as the mirror would, without a server, configuration or keys. Exit
 * status: 0 all pass, 1 the worst is review, 2 something is block or unscannable, 64 wrong usage.
 */
export function scanCommand(env: NodeJS.ProcessEnv = process.env): Command {
  return new Command('scan')
    .description('scan files and folders as the mirror would, without a mirror; exit status 0 pass, 1 review, 2 block')
    .argument('<path...>', 'files or folders; a folder is judged as one snapshot')
    .option('--json', 'print one JSON object for each path, one a line')
    .action(async (paths: string[], options: { json?: boolean }, command: Command) => {
      const folder = startFolder(env);
      const missing = await firstMissing(folder, paths);
      if (missing !== undefined) command.error(`error: ${missing} does not exist`, { exitCode: EXIT.usage });
      const scanner = createScanner();
      let worst: Verdict = 'pass';
      for (const path of paths) {
        const report = await scanPath(scanner, folder, path);
        process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : asText(report, scanner));
        worst = worse(worst, report.verdict);
      }
      process.exitCode = STATUS[worst];
    });
}

async function firstMissing(folder: string, paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if ((await stat(resolve(folder, path)).catch(() => undefined)) === undefined) return path;
  return undefined;
}

async function scanPath(scanner: Scanner, folder: string, path: string): Promise<Report> {
  const tree = new Tree(await realpath(resolve(folder, path)));
  await tree.read();
  const { files: scans } = await scanner.scan(tree.targets);
  const findings = [...tree.findings];
  const attributes = new Map<string, ContentAttributes>();
  let verdict: Verdict = findings.length > 0 ? 'review' : 'pass';
  for (const { path: file } of tree.targets) {
    const scan = scans.get(file);
    if (scan === undefined) continue;
    verdict = worse(verdict, scan.verdict);
    if (scan.attributes) attributes.set(file, scan.attributes);
    for (const { rule, level, member, offset, message, references } of scan.findings)
      findings.push({
        rule,
        level,
        file,
        ...(member === undefined ? {} : { member }),
        ...(offset === undefined ? {} : { offset }),
        message,
        ...(references === undefined ? {} : { references }),
      });
  }
  return { path, verdict, findings, attributes: Object.fromEntries(attributes) };
}

function worse(a: Verdict, b: Verdict): Verdict {
  return WORST.indexOf(a) >= WORST.indexOf(b) ? a : b;
}

/** The files of one PATH. What is in a folder and can not be part of a snapshot is a finding of its own. */
class Tree {
  readonly targets: ScanTarget[] = [];
  readonly findings: FileFinding[] = [];
  private readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  async read(): Promise<void> {
    const stats = await stat(this.root);
    if (stats.isDirectory()) await this.folder(this.root);
    else this.file(this.root, basename(this.root), stats);
  }

  private async folder(folder: string): Promise<void> {
    const entries = await readdir(folder, { withFileTypes: true });
    for (const { name } of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, name);
      const stats = await lstat(path);
      if (stats.isDirectory() && name.toLowerCase() !== '.git') await this.folder(path);
      else if (stats.isSymbolicLink()) await this.link(path);
      else this.file(path, this.nameOf(path), stats);
    }
  }

  /** A link to a file of the same folder is that file under another name; any other is not followed. */
  private async link(path: string): Promise<void> {
    const target = await realpath(path).catch(() => undefined);
    const stats = target?.startsWith(this.root + sep) ? await stat(path) : undefined;
    if (stats?.isFile()) this.file(path, this.nameOf(path), stats);
    else this.finding(this.nameOf(path), 'link', 'is a symbolic link that leads to no file of this folder');
  }

  private file(path: string, name: string, stats: Stats): void {
    if (!stats.isFile()) {
      this.finding(name, 'no-file', 'is no regular file and was not read');
      return;
    }
    const problem = repoPathProblem(name);
    if (problem) this.finding(name, 'bad-path', `can not be part of a snapshot: ${problem}`);
    // There is no cache here that would outlive the command: files need names that differ, not digests that take as
    // long to compute as the scan itself.
    const sha256 = sha256Of(resolve(path));
    this.targets.push({ path: name as RepoPath, sha256, size: stats.size, file: path });
  }

  private nameOf(path: string): string {
    return relative(this.root, path).split(sep).join('/');
  }

  private finding(file: string, rule: string, message: string): void {
    this.findings.push({ rule, level: 'review', file, message });
  }
}

function asText({ path, verdict, findings, attributes }: Report, scanner: Scanner): string {
  const lines = findings.map(({ level, rule, file, member, message }) => {
    const place = member === undefined ? file : `${file}!/${member}`;
    return `  ${level.padEnd(6)}  ${printed(place)}: ${printed(message)} [${rule}]`;
  });
  const notes = Object.entries(attributes).flatMap(([file, known]) =>
    notesOf(known).map((note) => `  note    ${printed(file)}: ${printed(note)}`),
  );
  return `${[`${printed(path)}: ${verdict}`, ...lines, ...notes, ...meanings(findings, scanner)].join('\n')}\n`;
}

function notesOf({ weightsOnly, license }: ContentAttributes): string[] {
  const loads = weightsOnly ? 'loads' : 'does not load';
  const names = license?.found.map(({ name }) => name) ?? [];
  return [
    ...(weightsOnly === undefined ? [] : [`${loads} under torch's weights-only rules`]),
    ...(names.length === 0 ? [] : [`holds or names the license ${names.join(', ')}`]),
  ];
}

/** Once for each rule that keeps something from passing: what it means for who loads the file, and what to read. */
function meanings(findings: readonly FileFinding[], scanner: Scanner): string[] {
  const references = new Map<string, Set<string>>();
  for (const { rule, level, references: own = [] } of findings) {
    if (level === 'info') continue;
    const known = references.get(rule) ?? new Set();
    references.set(rule, known);
    for (const reference of own) known.add(reference);
  }
  return [...references].flatMap(([rule, more]) => {
    const meaning = scanner.explain(rule);
    const read = more.size === 0 ? '' : ` (${[...more].sort().join(', ')})`;
    return meaning === undefined ? [] : [`  ${rule}: ${meaning.means}${read}`];
  });
}
