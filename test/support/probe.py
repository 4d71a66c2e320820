# SPDX-License-Identifier: Apache-2.0
"""One call of the real huggingface_hub: `probe.py NAME JSON-ARGUMENTS`.

The last line of output is JSON: {"value": ...}, or {"error": class name, "message": text} when the call raised.
"""
import hashlib
import json
import os
import sys

import huggingface_hub as hub


def snapshot(**options):
    """Commit and digests of every file that arrived."""
    folder = hub.snapshot_download(**options)
    return {"commit": os.path.basename(folder), "folder": folder, "files": digests(folder)}


def file(**options):
    path = hub.hf_hub_download(**options)
    return {"path": path, **digest(path)}


def info(**options):
    found = hub.HfApi().repo_info(**options)
    return {"id": found.id, "sha": found.sha, "siblings": [one.rfilename for one in found.siblings]}


def tree(**options):
    entries = hub.HfApi().list_repo_tree(recursive=True, **options)
    return {entry.path: describe(entry) for entry in entries if hasattr(entry, "size")}


def describe(entry):
    return {"size": entry.size, "digest": entry.lfs.sha256 if entry.lfs else entry.blob_id, "xet": getattr(entry, "xet_hash", None)}


def paths_info(**options):
    return {entry.path: describe(entry) for entry in hub.HfApi().get_paths_info(**options)}


def refs(**options):
    found = hub.HfApi().list_repo_refs(**options)
    rows = {"branches": found.branches, "tags": found.tags, "converts": found.converts}
    return {kind: {ref.name: ref.target_commit for ref in group} for kind, group in rows.items()}


def fs(path, start, end):
    """A listing, a whole file, and a range read after a seek."""
    files = hub.HfFileSystem()
    with files.open(path, "rb") as opened:
        whole = opened.read()
    with files.open(path, "rb") as opened:
        opened.seek(start)
        part = opened.read(end - start)
    folder = os.path.dirname(path)
    names = sorted(row["name"] for row in files.ls(folder))
    return {"ls": names, "sha256": hashlib.sha256(whole).hexdigest(), "range": part.hex(), "expected": whole[start:end].hex()}


def exists(repo_id, filename):
    api = hub.HfApi()
    return {"repo": api.repo_exists(repo_id), "file": api.file_exists(repo_id, filename)}


def listing(kind, **options):
    """Of each repo in the list: what the library made of it."""
    return [seen(one) for one in getattr(hub.HfApi(), f"list_{kind}")(**options)]


def describe_repo(**options):
    """What the library made of `model_info` and its like."""
    return seen(hub.HfApi().repo_info(**options))


def seen(info):
    card = getattr(info, "card_data", None)
    safetensors = getattr(info, "safetensors", None)
    modified = getattr(info, "last_modified", None)
    return {
        "id": info.id,
        "sha": info.sha,
        "author": info.author,
        "tags": info.tags,
        "task": getattr(info, "pipeline_tag", None),
        "library": getattr(info, "library_name", None),
        "modified": modified and modified.isoformat(),
        "config": getattr(info, "config", None),
        "card": card and card.to_dict(),
        "parameters": safetensors and safetensors.total,
        "security": getattr(info, "security_repo_status", None),
        "siblings": info.siblings and [one.rfilename for one in info.siblings],
    }


def expanded(**options):
    """The verdict and the commit of each file, from the tree and from paths-info."""
    api = hub.HfApi()
    tree = [one for one in api.list_repo_tree(recursive=True, expand=True, **options) if hasattr(one, "size")]
    infos = api.get_paths_info(paths=[one.path for one in tree], expand=True, **options)
    rows = lambda entries: {one.path: [one.security and one.security["status"], one.last_commit["oid"]] for one in entries}
    return {"tree": rows(tree), "paths": rows(infos)}


def commits(**options):
    return [one.commit_id for one in hub.HfApi().list_repo_commits(**options)]


def access(**options):
    hub.HfApi().auth_check(**options)
    return True


def digests(folder):
    found = {}
    for base, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != ".cache"]
        for name in names:
            path = os.path.join(base, name)
            found[os.path.relpath(path, folder)] = digest(path)
    return found


def digest(path):
    size = os.path.getsize(path)
    sha256, sha1 = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % size)
    with open(path, "rb") as opened:
        while chunk := opened.read(1 << 20):
            sha256.update(chunk)
            sha1.update(chunk)
    return {"size": size, "sha256": sha256.hexdigest(), "gitOid": sha1.hexdigest()}


CALLS = {"snapshot": snapshot, "file": file, "info": info, "tree": tree, "paths_info": paths_info, "refs": refs, "fs": fs, "exists": exists, "listing": listing, "describe_repo": describe_repo, "expanded": expanded, "commits": commits, "access": access}

try:
    answer = {"value": CALLS[sys.argv[1]](**json.loads(sys.argv[2]))}
except Exception as error:
    answer = {"error": type(error).__name__, "message": str(error)}
print(json.dumps(answer))
