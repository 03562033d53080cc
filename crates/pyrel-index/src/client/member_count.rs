//! How many members a listed wheel has, from the last bytes of the file: an archive of any size costs one small
//! request. Reads nothing else of the archive, and judges nothing.

use std::time::Duration;

use reqwest::StatusCode;
use tokio::time::timeout;
use url::Url;

use super::index_client::IndexClient;
use super::lookup::{Ask, Attempt, Body, Reach, read_body};
use crate::wire::ListedFile;

/// How much of the end of a file is asked for, in bytes: the end records, and room for a comment.
const TAIL: u64 = 1024;
/// How long the answer may take. It is worth no more.
const PATIENCE: Duration = Duration::from_secs(10);

const END: &[u8] = b"PK\x05\x06";
const END64: &[u8] = b"PK\x06\x06";
const LOCATOR: &[u8] = b"PK\x06\x07";

impl IndexClient {
    /// Returns how many members a listed wheel has, directories included, as its end record says.
    ///
    /// One request for the last kilobyte, without retry. `None` when the index sends no part of a file, is slow, or the
    /// bytes are not the end of a zip: who asks can do without.
    pub async fn member_count(&self, file: &ListedFile) -> Option<u64> {
        let url: Url = file.url.parse().ok()?;
        // Some servers know no range that counts from the end, so the size goes before.
        let range = match file.size {
            Some(size) => format!("bytes={}-{}", size.saturating_sub(TAIL), size.checked_sub(1)?),
            None => format!("bytes=-{TAIL}"),
        };
        let ask = Ask { accept: "*/*", range: Some(&range), reach: Reach::Anywhere };
        let tail = timeout(PATIENCE, async {
            let Attempt::Page(response, _) = self.get(&url, ask).await else { return None };
            if response.status() != StatusCode::PARTIAL_CONTENT {
                return None;
            }
            match read_body(response, TAIL as usize, PATIENCE).await {
                Ok(Body::Whole(tail)) => Some(tail),
                Ok(Body::Cut(_)) | Err(_) => None,
            }
        });
        let members = members_of(&tail.await.ok()??);
        tracing::debug!(file = %file.filename, ?members, "asked for the end of a file");
        members
    }
}

/// Reads the number of members from the last bytes of a zip.
fn members_of(tail: &[u8]) -> Option<u64> {
    let at = tail.windows(END.len()).rposition(|window| window == END)?;
    let comment = usize::from(u16::from_le_bytes(bytes(tail, at + 20)?));
    if at + 22 + comment != tail.len() {
        return None;
    }
    let members = u16::from_le_bytes(bytes(tail, at + 10)?);
    let is_zip64 = at.checked_sub(20).is_some_and(|locator| tail[locator..].starts_with(LOCATOR));
    if !is_zip64 {
        return Some(u64::from(members));
    }
    let record = tail.get(at.checked_sub(76)?..)?;
    if record.starts_with(END64) { Some(u64::from_le_bytes(bytes(record, 32)?)) } else { None }
}

fn bytes<const N: usize>(from: &[u8], at: usize) -> Option<[u8; N]> {
    from.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(members: u16, comment: &[u8]) -> Vec<u8> {
        let mut end = END.to_vec();
        end.extend([0; 4]);
        end.extend(members.to_le_bytes());
        end.extend(members.to_le_bytes());
        end.extend([0; 8]);
        end.extend(u16::try_from(comment.len()).unwrap().to_le_bytes());
        end.extend(comment);
        end
    }

    #[test]
    fn the_end_record_tells_how_many() {
        assert_eq!(members_of(&end(7, b"")), Some(7));
        assert_eq!(members_of(&[&[1; 50], &end(300, b"a comment")[..]].concat()), Some(300));
    }

    #[test]
    fn zip64_tells_more_than_fits_into_sixteen_bits() {
        let mut zip = END64.to_vec();
        zip.extend([0; 28]);
        zip.extend(70_000_u64.to_le_bytes());
        zip.extend([0; 16]);
        zip.extend(LOCATOR);
        zip.extend([0; 16]);
        zip.extend(end(0xffff, b""));
        assert_eq!(members_of(&zip), Some(70_000));
        assert_eq!(members_of(&zip[1..]), None, "the record is cut off");
    }

    #[test]
    fn other_bytes_tell_nothing() {
        for tail in
            [&b""[..], b"PK\x05\x06", &[0; 1024], &end(7, b"")[..21], &[&end(7, b"")[..], b"x"].concat()]
        {
            assert_eq!(members_of(tail), None, "{tail:?}");
        }
    }
}
