//! Indexes that are slow, refuse, or talk nonsense: message and exit code of the program, and that nothing is
//! left half done. A loopback server of our own answers as told.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pyrel_testkit::{Run, Workspace};

use super::upload::configure;
use super::workspace;

/// What the server says to an upload.
#[derive(Clone, Copy)]
enum Answer {
    /// A status with headers and a body.
    Status(&'static str, &'static str, &'static str),
    /// Nothing, and the connection closed.
    HangUp,
    /// Nothing for longer than the client waits.
    Silence,
}

/// A server that knows no project and answers each upload with the next answer, the last one for ever.
struct Faulty {
    url: String,
    uploads: Arc<AtomicUsize>,
}

/// How an index says that it has no such project.
const UNKNOWN: Answer = Answer::Status("404 Not Found", "Content-Type: text/plain\r\n", "404 Not Found");

impl Faulty {
    fn start(page: Answer, answers: &'static [Answer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let uploads = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&uploads);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let counter = Arc::clone(&counter);
                std::thread::spawn(move || serve(stream.unwrap(), page, answers, &counter));
            }
        });
        Self { url, uploads }
    }
}

fn serve(mut stream: TcpStream, page: Answer, answers: &[Answer], uploads: &AtomicUsize) {
    let Some(is_upload) = read_request(&mut stream) else { return };
    let answer = if is_upload {
        let turn = uploads.fetch_add(1, Ordering::SeqCst);
        answers[turn.min(answers.len() - 1)]
    } else {
        page
    };
    match answer {
        Answer::Status(status, headers, body) => respond(&mut stream, status, headers, body),
        Answer::HangUp => {}
        Answer::Silence => std::thread::sleep(Duration::from_secs(20)),
    }
}

/// Reads a whole request; tells whether it is an upload.
fn read_request(stream: &mut TcpStream) -> Option<bool> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 65_536];
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        let read = stream.read(&mut chunk).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).to_lowercase();
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    while bytes.len() < head_end + length.unwrap_or(0) {
        let read = stream.read(&mut chunk).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
    }
    Some(head.starts_with("post "))
}

fn respond(stream: &mut TcpStream, status: &str, headers: &str, body: &str) {
    let text = format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let _closed = stream.write_all(text.as_bytes());
}

/// Uploads one package to a server that answers so, and returns the run and how many uploads were tried.
fn upload(answers: &'static [Answer]) -> (Run, usize, Workspace) {
    upload_to(&Faulty::start(UNKNOWN, answers))
}

fn upload_to(server: &Faulty) -> (Run, usize, Workspace) {
    let workspace = workspace()
        .package("alpha", "1.0.0", &[])
        .env("PYREL_TOKEN", "not-a-real-token")
        .env("PYREL_READ_TIMEOUT", "1")
        .env("PYREL_RETRY_BASE_MS", "5");
    configure(&workspace, &server.url, &server.url);
    let _ = workspace.run(["build"]).expect(0);
    let run = workspace.run(["upload-test"]);
    assert!(!run.stderr.contains("not-a-real-token") && !run.stdout.contains("not-a-real-token"));
    (run, server.uploads.load(Ordering::SeqCst), workspace)
}

#[test]
fn a_refusal_is_told_in_the_servers_words_and_not_tried_again() {
    for (status, message) in [
        ("400 Bad Request", "Invalid value for classifiers."),
        ("401 Unauthorized", "Invalid or non-existent authentication information."),
        ("403 Forbidden", "The user 'x' isn't allowed to upload to project 'alpha'."),
    ] {
        let body: &'static str =
            Box::leak(format!("{{\"code\": \"{} {message}\"}}", &status[..3]).into_boxed_str());
        let answer: &'static [Answer] =
            Box::leak(Box::new([Answer::Status(status, "Content-Type: application/json\r\n", body)]));
        let (run, tried, _workspace) = upload(answer);
        let run = run.expect(4).says(message).says(&status[..3]);
        assert_eq!(tried, 1, "the wheel was refused, and the sdist waited for it:\n{}", run.stderr);
        assert!(run.stdout.contains("failed") && run.stdout.contains("not sent"), "{}", run.stdout);
    }
}

#[test]
fn overload_is_waited_out() {
    const ANSWERS: &[Answer] = &[
        Answer::Status("503 Service Unavailable", "Retry-After: 0\r\n", ""),
        Answer::Status("429 Too Many Requests", "Retry-After: 0\r\n", "Too many new projects created"),
        Answer::Status("400 Bad Request", "", "enough"),
    ];
    let (run, tried, _workspace) = upload(ANSWERS);
    let _ = run.expect(4);
    assert_eq!(tried, 3);
}

#[test]
fn an_index_that_never_recovers_is_given_up() {
    const BUSY: &[Answer] = &[Answer::Status("503 Service Unavailable", "Retry-After: 0\r\n", "")];
    const LOST: &[Answer] = &[Answer::HangUp];
    const SLOW: &[Answer] = &[Answer::Silence];
    for (answers, words) in [(BUSY, "503"), (LOST, "attempts"), (SLOW, "attempts")] {
        let (run, tried, workspace) = upload(answers);
        let run = run.expect(4).says(words).says("alpha-1.0.0-py3-none-any.whl");
        assert!((2..=8).contains(&tried), "{tried} attempts:\n{}", run.stderr);
        let _ = run.says("--resume=");
        assert!(
            workspace.files(".pyrel").iter().any(|path| path.ends_with("alpha-1.0.0.tar.gz")),
            "bytes are kept"
        );
    }
}

#[test]
fn a_redirect_of_an_upload_is_not_followed() {
    const MOVED: &[Answer] = &[Answer::Status("308 Permanent Redirect", "Location: /legacy/\r\n", "")];
    let (run, tried, _workspace) = upload(MOVED);
    let _ = run.expect(4).says("the index redirects the upload").says("set `upload-url` of the index to");
    assert_eq!(tried, 1);
}

#[test]
fn an_index_that_cannot_be_read_gets_nothing() {
    const FINE: &[Answer] = &[Answer::Status("200 OK", "", "")];
    for (page, words) in [
        (
            Answer::Status("200 OK", "Content-Type: application/vnd.pypi.simple.v1+json\r\n", "{nonsense"),
            "/simple/alpha/",
        ),
        (Answer::Status("403 Forbidden", "", "no"), "403"),
        (Answer::Status("500 Internal Server Error", "", ""), "500"),
        (Answer::HangUp, "cannot read the index `testpypi`"),
    ] {
        let (run, tried, _workspace) = upload_to(&Faulty::start(page, FINE));
        let _ = run.expect(4).says(words);
        assert_eq!(tried, 0);
    }
}
