//! Files that hold secrets by their purpose, known by their names.

const FILES: [&str; 12] = [
    ".env",
    ".envrc",
    ".pypirc",
    ".netrc",
    "_netrc",
    ".git-credentials",
    ".htpasswd",
    ".pgpass",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
];

/// Tells whether a path with `/` is that of such a file.
pub(crate) fn is_made_for_secrets(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or_default();
    FILES.contains(&file) || path == ".aws/credentials" || path.ends_with("/.aws/credentials")
}
