//! A private index on this machine that keeps files in memory and answers by the rules of a kind of server. Whoever
//! has no credentials gets nothing.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use sha2::Digest as _;

use super::rule::{Answer, Kind, answer};

pub(super) const USER: &str = "someone";
pub(super) const PASSWORD: &str = "not-a-real-password";

/// What the server has, and what it does besides its rules.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Files by name: the project, the SHA-256, and the bytes.
    pub(super) files: BTreeMap<String, (String, String, Vec<u8>)>,
    /// Whether pages show nothing until an upload was refused, as a cache may.
    pub(super) conceals: bool,
    /// Whether uploads are forbidden to everybody.
    pub(super) forbids: bool,
    /// Whether a setting of the repository rejects every name.
    pub(super) rejects: bool,
    /// Whether nothing is taken from anybody.
    pub(super) is_read_only: bool,
    /// Whether everybody may read.
    pub(super) is_public: bool,
    /// Where readers of unknown projects are sent.
    pub(super) forwards_to: Option<String>,
    /// How many uploads came.
    pub(super) uploads: usize,
}

/// The server.
pub(super) struct Server {
    pub(super) kind: Kind,
    pub(super) url: String,
    state: Arc<Mutex<State>>,
}

impl Server {
    /// Listens on a free port.
    pub(super) fn start(kind: Kind) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream.unwrap(), kind, &shared));
            }
        });
        Self { kind, url, state }
    }

    /// Looks at the state, or changes it.
    pub(super) fn state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap())
    }

    /// Has a file from the start.
    pub(super) fn hold(&self, project: &str, filename: &str, bytes: &[u8]) {
        let sha256 = sha256(bytes);
        let entry = (project.to_owned(), sha256, bytes.to_vec());
        self.state(|state| state.files.insert(filename.to_owned(), entry));
    }
}

/// Returns the SHA-256 of bytes in hexadecimal digits.
fn sha256(bytes: &[u8]) -> String {
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A request.
struct Request {
    verb: String,
    path: String,
    head: String,
    /// The address by which the server was asked.
    base: String,
    body: Vec<u8>,
}

fn serve(mut stream: TcpStream, kind: Kind, state: &Mutex<State>) {
    let Some(request) = read(&mut stream) else { return };
    let Answer { status, headers, body } = respond(&request, kind, &mut state.lock().unwrap());
    let head = format!("HTTP/1.1 {status}\r\n{headers}Connection: close\r\n");
    let bytes = if let Some(name) = body.strip_prefix("FILE ") {
        state.lock().unwrap().files[name].2.clone()
    } else {
        body.into_bytes()
    };
    let _gone = stream.write_all(format!("{head}Content-Length: {}\r\n\r\n", bytes.len()).as_bytes());
    let _gone = stream.write_all(&bytes);
}

fn read(stream: &mut TcpStream) -> Option<Request> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 65_536]);
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        let read = stream.read(&mut chunk).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    while bytes.len() < end + length.unwrap_or(0) {
        let read = stream.read(&mut chunk).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
    }
    let mut words = head.split(' ');
    let (verb, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let host = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("host").then(|| value.trim().to_owned())
    })?;
    Some(Request { verb, path, base: format!("http://{host}"), body: bytes.split_off(end), head })
}

fn respond(request: &Request, kind: Kind, state: &mut State) -> Answer {
    let expected = format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")));
    let is_open = state.is_public && request.verb == "GET";
    if !is_open && !request.head.contains(&expected) {
        return kind.stranger();
    }
    if request.verb == "POST" {
        state.uploads += 1;
        return if request.path == kind.upload() { take(request, kind, state) } else { kind.no_repository() };
    }
    if let Some(project) = request.path.strip_prefix(&kind.simple()) {
        return page((&request.base, project.trim_end_matches('/')), kind, state);
    }
    match request.path.rsplit('/').next().filter(|name| state.files.contains_key(*name)) {
        Some(name) => answer("200 OK", "application/octet-stream", &format!("FILE {name}")),
        None => kind.no_repository(),
    }
}

fn take(request: &Request, kind: Kind, state: &mut State) -> Answer {
    if state.forbids {
        return kind.forbidden();
    }
    if state.is_read_only {
        return kind.read_only();
    }
    if let Some(refusal) = kind.name_not_allowed().filter(|_| state.rejects) {
        return refusal;
    }
    let (filename, bytes) = file(&request.body);
    let project = field(&request.body, "name");
    assert_eq!(field(&request.body, ":action"), "file_upload");
    assert_eq!(field(&request.body, "sha256_digest"), sha256(&bytes));
    let has_md5 = request.body.windows(10).any(|bytes| bytes == b"md5_digest");
    assert!(!has_md5, "Nexus compares it, even when it is empty");
    if state.files.contains_key(&filename) {
        state.conceals = false;
        return kind.exists(&project, &filename);
    }
    state.files.insert(filename, (project, sha256(&bytes), bytes));
    kind.taken()
}

fn page((base, project): (&str, &str), kind: Kind, state: &State) -> Answer {
    let own = |entry: &&(String, String, Vec<u8>)| entry.0 == project && !state.conceals;
    if !state.files.values().any(|entry| own(&entry)) {
        return match &state.forwards_to {
            Some(url) => Answer {
                status: "302 Found",
                headers: format!("Location: {url}{project}/\r\n"),
                body: String::new(),
            },
            // gitlabhq, `lib/api/pypi_packages.rb`: `not_found!('Package')`.
            None if kind == Kind::GitLab => {
                answer("404 Not Found", "application/json", "{\"message\":\"404 Package Not Found\"}")
            }
            None => answer("404 Not Found", "text/plain", "404 Not Found"),
        };
    }
    let mut body = format!(
        "<!DOCTYPE html>\n<html>\n  <head>\n    <title>Links for {project}</title>\n  </head>\n<body>\n"
    );
    for (name, (_, sha256, _)) in state.files.iter().filter(|(_, entry)| own(entry)) {
        let link = kind.link(base, project, name, sha256);
        body.push_str(&format!("<a href=\"{link}\"{}>{name}</a><br>\n", kind.attributes()));
    }
    answer("200 OK", "text/html; charset=UTF-8", &(body + "</body>\n</html>"))
}

/// Returns a text field of a form.
fn field(body: &[u8], name: &str) -> String {
    let text = String::from_utf8_lossy(body);
    let (_, rest) = text.split_once(&format!("name=\"{name}\"")).unwrap();
    let (_, value) = rest.split_once("\r\n\r\n").unwrap();
    value.split("\r\n").next().unwrap().to_owned()
}

/// Returns the file of a form.
fn file(body: &[u8]) -> (String, Vec<u8>) {
    let boundary = &body[..body.windows(2).position(|pair| pair == b"\r\n").unwrap()];
    let find = |text: &[u8], from: usize| {
        from + body[from..].windows(text.len()).position(|window| window == text).unwrap()
    };
    let at = find(b"filename=\"", 0) + 10;
    let name = String::from_utf8(body[at..find(b"\"", at)].to_vec()).unwrap();
    let start = find(b"\r\n\r\n", at) + 4;
    let end = find(&[b"\r\n", boundary].concat(), start);
    (name, body[start..end].to_vec())
}
