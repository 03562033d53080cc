//! An index that does as it is told: refuses a file, hides one for a while, breaks a connection, and remembers
//! in which order everything came.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use pyrel_index::IndexSpec;
use sha2::Digest as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// How the index behaves.
#[derive(Default)]
pub(crate) struct Mood {
    /// Files that are refused with 400.
    pub(crate) refuse: BTreeSet<String>,
    /// Files whose connection breaks after the file was taken.
    pub(crate) break_after: BTreeSet<String>,
    /// Files that stay invisible for so many looks after their upload.
    pub(crate) hide: BTreeMap<String, u32>,
    /// Whether every look fails with 500.
    pub(crate) blind: bool,
}

#[derive(Default)]
struct State {
    mood: Mood,
    files: BTreeMap<String, String>,
    log: Vec<String>,
}

/// A running index.
pub(crate) struct MockIndex {
    state: Arc<Mutex<State>>,
    port: u16,
}

impl MockIndex {
    pub(crate) async fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State { mood, ..State::default() }));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                tokio::spawn(async move {
                    let _ = answer(stream, &state).await;
                });
            }
        });
        Self { state, port }
    }

    pub(crate) fn spec(&self, production: bool) -> IndexSpec {
        IndexSpec {
            name: "mock".to_owned(),
            upload_url: format!("http://127.0.0.1:{}/legacy/", self.port).parse().unwrap(),
            simple_url: format!("http://127.0.0.1:{}/simple/", self.port).parse().unwrap(),
            production,
        }
    }

    /// Puts a file into the index without an upload.
    pub(crate) fn hold(&self, filename: &str, sha256: &str) {
        self.state.lock().unwrap().files.insert(filename.to_owned(), sha256.to_owned());
    }

    pub(crate) fn set(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    /// Returns what happened: `POST file` for an upload that was taken or refused, `GET project` for a look.
    pub(crate) fn log(&self) -> Vec<String> {
        self.state.lock().unwrap().log.clone()
    }

    pub(crate) fn posts(&self) -> Vec<String> {
        self.log().into_iter().filter_map(|line| line.strip_prefix("POST ").map(str::to_owned)).collect()
    }

    pub(crate) fn files(&self) -> BTreeMap<String, String> {
        self.state.lock().unwrap().files.clone()
    }
}

async fn answer(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    let head_end = loop {
        if let Some(at) = find(&buffer, b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).into_owned();
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let length: usize = header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    while buffer.len() < head_end + length {
        if stream.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
    }
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let reply = if head.starts_with("POST ") {
        post(&buffer[head_end..], state)
    } else {
        Some(look(path.trim_start_matches("/simple/").trim_end_matches('/'), state))
    };
    if let Some((status, body)) = reply {
        let text = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/vnd.pypi.simple.v1+json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(text.as_bytes()).await?;
    }
    Ok(())
}

fn post(body: &[u8], state: &Mutex<State>) -> Option<(&'static str, String)> {
    let text = String::from_utf8_lossy(body);
    let filename = text.split("filename=\"").nth(1)?.split('"').next()?.to_owned();
    let start = find(body, b"filename=\"")?;
    let content = start + find(&body[start..], b"\r\n\r\n")? + 4;
    let boundary = text.lines().next()?.trim_end().to_owned();
    let end = content + find(&body[content..], format!("\r\n{boundary}").as_bytes())?;
    let sha256: String =
        sha2::Sha256::digest(&body[content..end]).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut state = state.lock().unwrap();
    state.log.push(format!("POST {filename}"));
    if state.mood.refuse.contains(&filename) {
        return Some(("400 Bad Request", "the mood is bad".to_owned()));
    }
    state.files.insert(filename.clone(), sha256);
    if state.mood.break_after.remove(&filename) { None } else { Some(("200 OK", String::new())) }
}

fn look(project: &str, state: &Mutex<State>) -> (&'static str, String) {
    let mut state = state.lock().unwrap();
    state.log.push(format!("GET {project}"));
    if state.mood.blind {
        return ("500 Internal Server Error", String::new());
    }
    let own = |name: &String| name.split('-').next() == Some(&project.replace('-', "_"));
    let files: Vec<(String, String)> = state
        .files
        .iter()
        .filter(|(name, _)| own(name))
        .map(|(name, sha256)| (name.clone(), sha256.clone()))
        .collect();
    let mut listed = Vec::new();
    for (filename, sha256) in files {
        match state.mood.hide.get_mut(&filename) {
            Some(looks) if *looks > 0 => *looks -= 1,
            _ => listed.push(serde_json::json!({
                "filename": filename, "url": format!("../../files/{filename}"), "hashes": {"sha256": sha256},
            })),
        }
    }
    if listed.is_empty() {
        return ("404 Not Found", "{}".to_owned());
    }
    let page = serde_json::json!({"meta": {"api-version": "1.0"}, "name": project, "files": listed});
    ("200 OK", page.to_string())
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
