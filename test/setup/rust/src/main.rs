// SPDX-License-Identifier: Apache-2.0
//! One call of the real hf-hub: `probe sync|tokio info|get REPO REVISION [FILE]`.
//!
//! The last line of output is JSON: {"value": ...}, or {"error": text} when the call failed.
use hf_hub::{api, Repo, RepoType};
use serde_json::{json, Value};
use std::error::Error;

type Answer = Result<Value, Box<dyn Error>>;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [flavour, call, repo, revision, rest @ ..] = args.as_slice() else {
        panic!("usage: probe sync|tokio info|get REPO REVISION [FILE]");
    };
    let repo = Repo::with_revision(repo.clone(), RepoType::Model, revision.clone());
    let file = match call.as_str() {
        "info" => None,
        "get" => Some(rest[0].as_str()),
        other => panic!("unknown call {other}"),
    };
    let answer = match flavour.as_str() {
        "sync" => with_sync(repo, file),
        "tokio" => tokio::runtime::Runtime::new().expect("a runtime").block_on(with_tokio(repo, file)),
        other => panic!("unknown flavour {other}"),
    };
    println!("{}", answer.unwrap_or_else(|error| json!({ "error": error.to_string() })));
}

fn with_sync(repo: Repo, file: Option<&str>) -> Answer {
    let client = api::sync::ApiBuilder::from_env().with_progress(false).build()?.repo(repo);
    match file {
        Some(path) => Ok(json!({ "value": client.get(path)? })),
        None => Ok(described(client.info()?)),
    }
}

async fn with_tokio(repo: Repo, file: Option<&str>) -> Answer {
    let client = api::tokio::ApiBuilder::from_env().with_progress(false).build()?.repo(repo);
    match file {
        Some(path) => Ok(json!({ "value": client.get(path).await? })),
        None => Ok(described(client.info().await?)),
    }
}

fn described(info: api::RepoInfo) -> Value {
    let files: Vec<String> = info.siblings.into_iter().map(|file| file.rfilename).collect();
    json!({ "value": { "sha": info.sha, "siblings": files } })
}
