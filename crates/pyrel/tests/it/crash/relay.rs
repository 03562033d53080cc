//! What stands between the program and its index: counts the bytes of requests, kills the program at one of them,
//! reads requests in half, refuses files, and loses answers. Writes down every upload that reaches it.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Child;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::chance::falls_on;

/// How an index misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behaviour {
    /// It takes a file and its answer never arrives.
    Lost,
    /// It refuses one file.
    Refused,
    /// It reads half of a request and closes the connection.
    HalfRead,
}

/// The process to kill.
pub(super) type Victim = Arc<Mutex<Child>>;

/// An upload that arrived, complete or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arrival {
    /// In which life of the run.
    pub(super) life: usize,
    /// The file, when its name had arrived.
    pub(super) filename: Option<String>,
}

/// What the relay does, and what it has seen.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) index: Option<SocketAddr>,
    pub(super) behaviour: Option<Behaviour>,
    pub(super) seed: u64,
    /// The file that is refused.
    pub(super) refused: Option<String>,
    pub(super) life: usize,
    pub(super) kill_at: Option<u64>,
    /// Whether bytes that the process had handed over when it was killed arrive nevertheless.
    pub(super) flows: bool,
    pub(super) victim: Option<Victim>,
    /// Bytes of requests in this life.
    pub(super) bytes: u64,
    /// Whether the process of this life was killed here.
    pub(super) killed: bool,
    pub(super) arrivals: Vec<Arrival>,
    /// Files that were disturbed in this life.
    disturbed: BTreeSet<String>,
    /// Requests on their way to the index.
    under_way: usize,
}

/// The relay, on an address of its own for all runs of a worker.
pub(super) struct Relay {
    pub(super) url: String,
    script: Arc<Mutex<Script>>,
}

/// What is done with a request that arrived.
enum Handling {
    Pass,
    /// Passed on, and the answer kept.
    Lose,
    Refuse,
}

impl Relay {
    /// Listens on a free port.
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(Script::default()));
        let shared = Arc::clone(&script);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || Connection { script: &shared, client: stream.unwrap() }.serve());
            }
        });
        Self { url, script }
    }

    /// Looks at the script, or changes it.
    pub(super) fn script<T>(&self, act: impl FnOnce(&mut Script) -> T) -> T {
        locked(&self.script, act)
    }

    /// Begins a life of the run: nothing was counted, nothing disturbed.
    pub(super) fn begin_life(&self, life: usize, kill_at: Option<u64>) {
        self.script(|script| {
            (script.life, script.kill_at, script.victim) = (life, kill_at, None);
            (script.bytes, script.killed) = (0, false);
            script.disturbed.clear();
        });
    }

    /// Waits until the index has dealt with everything that was sent to it.
    pub(super) fn settle(&self) {
        for _ in 0..10_000 {
            if self.script(|script| script.under_way) == 0 {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("the index does not answer");
    }
}

fn locked<T>(script: &Mutex<Script>, act: impl FnOnce(&mut Script) -> T) -> T {
    act(&mut script.lock().unwrap_or_else(PoisonError::into_inner))
}

struct Connection<'a> {
    script: &'a Mutex<Script>,
    client: TcpStream,
}

impl Connection<'_> {
    /// Serves one request, since the index closes each connection.
    fn serve(mut self) {
        locked(self.script, |script| script.under_way += 1);
        self.serve_one();
        locked(self.script, |script| script.under_way -= 1);
    }

    fn serve_one(&mut self) {
        let mut request = Vec::new();
        let whole = self.read(&mut request);
        if request.is_empty() {
            return;
        }
        let Some(index) = locked(self.script, |script| script.index) else { return };
        let handling = if whole { self.handling(&request) } else { Handling::Lose };
        if matches!(handling, Handling::Refuse) {
            let body = "400 Invalid value for classifiers.";
            let answer = format!(
                "HTTP/1.1 400 Invalid value for classifiers.\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let _gone = self.client.write_all(answer.as_bytes());
            return;
        }
        let answer = exchange(index, &request, whole);
        if matches!(handling, Handling::Pass) {
            let _gone = self.client.write_all(&answer);
        }
    }

    /// Reads a request as far as it is to be read; tells whether it is whole.
    fn read(&mut self, request: &mut Vec<u8>) -> bool {
        let mut chunk = [0; 4096];
        let (mut wanted, mut is_upload) = (usize::MAX, false);
        while request.len() < wanted {
            let Some(read) = self.client.read(&mut chunk).ok().filter(|read| *read > 0) else { return false };
            let admitted = self.admit(read);
            request.extend_from_slice(&chunk[..admitted]);
            if !is_upload && request.starts_with(b"POST ") {
                is_upload = true;
                locked(self.script, |script| {
                    script.arrivals.push(Arrival { life: script.life, filename: None });
                });
            }
            if admitted < read {
                self.name(request, is_upload);
                return false;
            }
            if wanted == usize::MAX
                && let Some((head, length)) = head_of(request)
            {
                wanted = head + length;
            }
        }
        self.name(request, is_upload);
        let half = filename_of(request).zip(head_of(request)).filter(|(filename, _)| {
            locked(self.script, |script| script.disturbs(Behaviour::HalfRead, filename))
        });
        if let Some((_, (head, length))) = half {
            request.truncate(head + length / 2);
        }
        request.len() == wanted
    }

    /// Counts bytes; kills the process when its byte has come, and takes those before it, or what was under way.
    fn admit(&self, read: usize) -> usize {
        locked(self.script, |script| {
            let Some(end) = script.kill_at.filter(|end| script.bytes + read as u64 >= *end) else {
                script.bytes += read as u64;
                return read;
            };
            if !script.killed
                && let Some(victim) = &script.victim
            {
                let mut child = victim.lock().unwrap_or_else(PoisonError::into_inner);
                child.kill().unwrap();
                script.killed = true;
            }
            let rest = if script.flows { read as u64 } else { end.saturating_sub(script.bytes) };
            script.bytes += rest;
            usize::try_from(rest).unwrap()
        })
    }

    /// Notes which file the last upload was, when that has arrived.
    fn name(&self, request: &[u8], is_upload: bool) {
        let Some(filename) = filename_of(request).filter(|_| is_upload) else { return };
        locked(self.script, |script| {
            let life = script.life;
            let nameless = script.arrivals.iter_mut().rev();
            let mut nameless = nameless.filter(|arrival| arrival.life == life && arrival.filename.is_none());
            if let Some(arrival) = nameless.next() {
                arrival.filename = Some(filename);
            }
        });
    }

    fn handling(&self, request: &[u8]) -> Handling {
        let Some(filename) = filename_of(request) else { return Handling::Pass };
        locked(self.script, |script| {
            if script.refused.as_deref() == Some(&*filename) {
                Handling::Refuse
            } else if script.disturbs(Behaviour::Lost, &filename) {
                Handling::Lose
            } else {
                Handling::Pass
            }
        })
    }
}

impl Script {
    /// Tells whether it is a file's turn to be disturbed in this way: the first time in a life, every second file.
    fn disturbs(&mut self, behaviour: Behaviour, filename: &str) -> bool {
        self.behaviour == Some(behaviour)
            && falls_on(self.seed.wrapping_add(self.life as u64), filename)
            && self.disturbed.insert(filename.to_owned())
    }
}

/// Sends a request, or what there is of it, to the index; returns its answer.
fn exchange(index: SocketAddr, request: &[u8], whole: bool) -> Vec<u8> {
    let mut stream = TcpStream::connect(index).unwrap();
    let mut answer = Vec::new();
    let at = request.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let close: &[u8] = if at > 0 { b"connection: close\r\n" } else { b"" };
    let sent = [&request[..at], close, &request[at..]].concat();
    let _gone = stream.write_all(&sent);
    if !whole {
        let _gone = stream.shutdown(Shutdown::Write);
    }
    let _gone = stream.read_to_end(&mut answer);
    answer
}

/// Returns the length of a request's head, and that of its body; nothing while the head is not complete.
fn head_of(request: &[u8]) -> Option<(usize, usize)> {
    let end = request.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    Some((end, length.unwrap_or(0)))
}

/// Returns the file of an upload, when its name has arrived.
fn filename_of(request: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(request);
    let (_, rest) = text.split_once("filename=\"")?;
    rest.split_once('"').map(|(name, _)| name.to_owned())
}
