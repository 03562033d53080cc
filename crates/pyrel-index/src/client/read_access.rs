//! What an index is read with: what is at hand because it is uploaded with, else nothing at first, then what a finder of
//! credentials finds, looked for once and only when the index refuses a stranger. Decides nothing about where credentials
//! come from, and opens no connection.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::OnceCell;

use super::credentials::Credentials;
use super::index_client::{IndexSpec, may_carry};

/// What an index is read with, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadKey {
    /// The credentials.
    pub credentials: Credentials,
    /// Their source in words, without any value: ``the variable `PYREL_TOKEN_OWN` ``.
    pub origin: String,
}

/// Why there is nothing to read an index with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoKey {
    /// Why, in words.
    pub reason: String,
    /// The remedy, where there is one.
    pub remedy: Option<String>,
}

/// Looks for the credentials that an index is read with.
///
/// It is asked at most once by a client, when the index has refused a reading without, and on a thread that may wait:
/// some sources are programs.
pub trait KeyFinder: fmt::Debug + Send + Sync {
    /// Finds them.
    ///
    /// # Errors
    /// Says why there are none.
    fn find(&self) -> Result<ReadKey, NoKey>;
}

/// Credentials that are known already.
impl KeyFinder for ReadKey {
    fn find(&self) -> Result<ReadKey, NoKey> {
        match self.credentials {
            Credentials::Basic { .. } => Ok(self.clone()),
            Credentials::Anonymous => Err(NoKey { reason: "there are none".to_owned(), remedy: None }),
        }
    }
}

/// How one client proves itself when it reads.
#[derive(Debug)]
pub(super) struct ReadAccess {
    /// Those of the simple URL, which go with every reading.
    own: Credentials,
    /// Those of the uploads of this client.
    at_hand: Credentials,
    are_refused: AtomicBool,
    finder: Option<Arc<dyn KeyFinder>>,
    found: OnceCell<Result<ReadKey, NoKey>>,
    in_use: AtomicBool,
}

impl ReadAccess {
    /// Begins with what the simple URL carries.
    pub(super) fn new(own: Credentials) -> Self {
        Self {
            own,
            at_hand: Credentials::Anonymous,
            are_refused: AtomicBool::new(false),
            finder: None,
            found: OnceCell::new(),
            in_use: AtomicBool::new(false),
        }
    }

    /// Names credentials that the index gets anyway, because it is uploaded to.
    pub(super) fn with_those_at_hand(self, at_hand: Credentials) -> Self {
        Self { at_hand, ..self }
    }

    /// Returns the credentials that a reading may begin with, to save a question without them; `None` where they are for
    /// another origin, or were refused.
    pub(super) fn at_hand(&self, spec: &IndexSpec) -> Option<&Credentials> {
        let is_stranger = *self.current() == Credentials::Anonymous && self.at_hand != Credentials::Anonymous;
        let are_good = is_stranger && !self.are_refused.load(Ordering::Relaxed);
        let may_go = || has_one_origin(spec) && may_carry(&spec.simple_url, &self.at_hand);
        (are_good && may_go()).then_some(&self.at_hand)
    }

    /// Has further readings begin without the credentials at hand: some accounts may upload, and not read.
    pub(super) fn refuse_those_at_hand(&self) {
        self.are_refused.store(true, Ordering::Relaxed);
    }

    /// Names who looks for credentials once a reading is refused.
    pub(super) fn with_finder(self, finder: Arc<dyn KeyFinder>) -> Self {
        Self { finder: Some(finder), ..self }
    }

    /// Returns what readings prove themselves with for now.
    pub(super) fn current(&self) -> &Credentials {
        match self.found.get() {
            Some(Ok(key)) if self.in_use.load(Ordering::Relaxed) => &key.credentials,
            _ => &self.own,
        }
    }

    /// Lets all further readings prove themselves with what was found.
    pub(super) fn take_into_use(&self) {
        self.in_use.store(true, Ordering::Relaxed);
    }

    /// Returns what a refused reading may be tried again with; `None` when it had all that there is.
    pub(super) async fn reserve(&self, spec: &IndexSpec, had: &Credentials) -> Option<&Credentials> {
        if *had != Credentials::Anonymous {
            return None;
        }
        self.key(spec).await.as_ref().ok().map(|key| &key.credentials)
    }

    /// Says what was tried to read an index that refuses, or why nothing was, and what to do.
    pub(super) async fn account(&self, spec: &IndexSpec) -> (String, String) {
        let may_read = |origin: &str| {
            let remedy = format!("correct {origin}, or let that account read the index `{}`", spec.name);
            (format!("tried with {origin}"), remedy)
        };
        if self.own != Credentials::Anonymous {
            return may_read("the user and the password of its `simple-url`");
        }
        match self.key(spec).await {
            Ok(key) => may_read(&key.origin),
            Err(NoKey { reason, remedy }) => (
                format!("tried without credentials: {reason}"),
                remedy.clone().unwrap_or_else(general_remedy),
            ),
        }
    }

    async fn key(&self, spec: &IndexSpec) -> &Result<ReadKey, NoKey> {
        self.found.get_or_init(|| self.find(spec)).await
    }

    /// Credentials of uploads are for the origin of uploads, which another one may be somebody else's.
    async fn find(&self, spec: &IndexSpec) -> Result<ReadKey, NoKey> {
        let none = |reason: &str| NoKey { reason: reason.to_owned(), remedy: None };
        let finder = self.finder.clone().ok_or_else(|| none("none were looked for"))?;
        if !has_one_origin(spec) {
            return Err(none("those of uploads stay at the address of `upload-url`, which is another one"));
        }
        let found = tokio::task::spawn_blocking(move || finder.find()).await;
        let key = found.unwrap_or_else(|error| Err(none(&error.to_string())))?;
        if may_carry(&spec.simple_url, &key.credentials) {
            tracing::debug!(index = %spec.name, origin = %key.origin, "reading with credentials");
            return Ok(key);
        }
        let remedy = Some("use `https://`; plain HTTP is for this machine only".to_owned());
        Err(NoKey { remedy, ..none("they would go unencrypted") })
    }
}

fn has_one_origin(spec: &IndexSpec) -> bool {
    spec.simple_url.origin() == spec.upload_url.origin()
}

fn general_remedy() -> String {
    "credentials are used for reading where `upload-url` and `simple-url` are at one address (scheme, host, port)"
        .to_owned()
}

#[cfg(test)]
mod tests {
    use pyrel_model::Secret;

    use super::*;

    fn spec(upload: &str, simple: &str) -> IndexSpec {
        IndexSpec {
            name: "own".to_owned(),
            upload_url: upload.parse().unwrap(),
            simple_url: simple.parse().unwrap(),
            production: false,
        }
    }

    fn key() -> ReadKey {
        let credentials = Credentials::token(&Secret::new("not-a-real-token"));
        ReadKey { credentials, origin: "the variable `X`".to_owned() }
    }

    #[tokio::test]
    async fn credentials_stay_at_their_origin_and_wait_until_they_are_needed() {
        for (upload, simple, given) in [
            ("https://a.example/up", "https://a.example/simple/", true),
            ("https://up.a.example/", "https://a.example/simple/", false),
            ("https://a.example:444/", "https://a.example/simple/", false),
            ("http://a.example/", "http://a.example/simple/", false),
            ("http://127.0.0.1:9/", "http://127.0.0.1:9/simple/", true),
        ] {
            let spec = spec(upload, simple);
            let access = ReadAccess::new(Credentials::Anonymous).with_finder(Arc::new(key()));
            let before = access.current().clone();
            assert_eq!(before, Credentials::Anonymous);
            assert_eq!(access.reserve(&spec, &before).await.is_some(), given, "{upload} {simple}");
            assert_eq!(access.current(), &Credentials::Anonymous, "not before it is taken into use");
            access.take_into_use();
            assert_eq!(access.current() != &Credentials::Anonymous, given, "{upload} {simple}");
            let (tried, _) = access.account(&spec).await;
            assert_eq!(tried == "tried with the variable `X`", given, "{tried}");
        }
    }

    #[test]
    fn those_at_hand_are_offered_where_uploads_go_until_they_are_refused() {
        let open = || ReadAccess::new(Credentials::Anonymous);
        for (upload, simple, given) in [
            ("https://a.example/up", "https://a.example/simple/", true),
            ("https://up.a.example/", "https://a.example/simple/", false),
            ("http://a.example/", "http://a.example/simple/", false),
        ] {
            let spec = spec(upload, simple);
            assert_eq!(open().at_hand(&spec), None);
            let access = open().with_those_at_hand(key().credentials);
            assert_eq!(access.at_hand(&spec).is_some(), given, "{upload} {simple}");
            assert_eq!(access.current(), &Credentials::Anonymous);
            access.refuse_those_at_hand();
            assert_eq!(access.at_hand(&spec), None);
            let own = ReadAccess::new(key().credentials).with_those_at_hand(key().credentials);
            assert_eq!(own.at_hand(&spec), None, "those of the simple URL go first");
        }
    }

    #[tokio::test]
    async fn those_of_the_simple_url_stand_alone() {
        let own = Credentials::Basic { username: "u".to_owned(), password: Secret::new("not-a-real-one") };
        let access = ReadAccess::new(own.clone()).with_finder(Arc::new(key()));
        let spec = spec("https://a.example/up", "https://a.example/simple/");
        assert_eq!(access.reserve(&spec, access.current()).await, None);
        assert_eq!(access.account(&spec).await.0, "tried with the user and the password of its `simple-url`");
    }
}
