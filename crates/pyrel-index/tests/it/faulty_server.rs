//! A server on this machine that does what a test tells it, one request a connection, and remembers what it was
//! asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

/// What happens to one request.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Answers with a status line's rest (`200 OK`), headers, and a body.
    Answer(&'static str, Vec<(&'static str, String)>, String),
    /// Reads some of the body and breaks the connection.
    Reset,
    /// Says nothing.
    Hang,
    /// Passes the request on and the answer back.
    Forward(Url),
    /// Passes the request on, waits for the answer, and breaks the connection.
    ForwardAndLose(Url),
    /// Answers with a body that is cut off.
    Truncate,
    /// Answers with a body that never ends.
    Endless,
}

/// Shorthand for an answer without headers.
pub(crate) fn answer(status: &'static str, body: &str) -> Act {
    Act::Answer(status, Vec::new(), body.to_owned())
}

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

#[derive(Debug, Default)]
struct Script {
    posts: VecDeque<Act>,
    gets: VecDeque<Act>,
    asked: Vec<Asked>,
}

/// The server. Requests beyond the script get 404 (GET) or 500 (POST).
#[derive(Debug)]
pub(crate) struct FaultyServer {
    base: Url,
    script: Arc<Mutex<Script>>,
    task: JoinHandle<()>,
}

impl FaultyServer {
    pub(crate) async fn start(posts: Vec<Act>, gets: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let script = Script { posts: posts.into(), gets: gets.into(), asked: Vec::new() };
        let script = Arc::new(Mutex::new(script));
        let shared = Arc::clone(&script);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { base, script, task }
    }

    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    /// Tells what happens to the next readings.
    pub(crate) fn then(&self, gets: Vec<Act>) {
        self.script.lock().unwrap().gets.extend(gets);
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.script.lock().unwrap().asked.clone()
    }

    /// Returns how many requests came, `(POST, GET)`.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let asked = self.asked();
        let posts = asked.iter().filter(|asked| asked.line.starts_with("POST")).count();
        (posts, asked.len() - posts)
    }
}

impl Drop for FaultyServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, script: Arc<Mutex<Script>>) {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let length = header(&head, "content-length").map_or(0, |value| value.parse().unwrap());
    let line = head.lines().next().unwrap().to_owned();
    let act = {
        let mut script = script.lock().unwrap();
        let post = line.starts_with("POST");
        let queue = if post { &mut script.posts } else { &mut script.gets };
        let otherwise = if post { "500 Internal Server Error" } else { "404 Not Found" };
        let act = queue.pop_front().unwrap_or_else(|| answer(otherwise, ""));
        script.asked.push(Asked { line: line.clone(), head: head.clone(), body: Vec::new() });
        act
    };
    let index = script.lock().unwrap().asked.len() - 1;
    if matches!(act, Act::Reset) {
        break_off(&stream);
        return;
    }
    let mut body = bytes[end..].to_vec();
    while body.len() < length {
        if stream.read_buf(&mut body).await.unwrap_or(0) == 0 {
            break;
        }
    }
    script.lock().unwrap().asked[index].body.clone_from(&body);
    perform(stream, act, &head, &body).await;
}

async fn perform(mut stream: TcpStream, act: Act, head: &str, body: &[u8]) {
    match act {
        Act::Answer(status, headers, text) => {
            let mut out =
                format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n", text.len());
            for (name, value) in headers {
                out.push_str(&format!("{name}: {value}\r\n"));
            }
            out.push_str(&format!("\r\n{text}"));
            let _ = stream.write_all(out.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
        Act::Truncate => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{").await;
            break_off(&stream);
        }
        Act::Endless => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{").await;
            let spaces = vec![b' '; 1024 * 1024];
            while stream.write_all(&spaces).await.is_ok() {}
        }
        Act::Hang => tokio::time::sleep(Duration::from_secs(30)).await,
        Act::Forward(target) => {
            let answer = forward(&target, head, body).await;
            let _ = stream.write_all(&answer).await;
            let _ = stream.shutdown().await;
        }
        Act::ForwardAndLose(target) => {
            let answer = forward(&target, head, body).await;
            assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
            break_off(&stream);
        }
        Act::Reset => unreachable!("handled before the body is read"),
    }
}

async fn forward(target: &Url, head: &str, body: &[u8]) -> Vec<u8> {
    let address = (target.host_str().unwrap(), target.port().unwrap());
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = head.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    answer
}

/// Closes with a reset instead of an orderly end.
fn break_off(stream: &TcpStream) {
    stream.set_zero_linger().unwrap();
}

/// Returns a header of a request.
pub(crate) fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
