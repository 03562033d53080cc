//! How each kind of server answers: where it takes uploads, what it says, and how its pages look.

/// An answer: the status line's rest, further header lines, and the body.
pub(super) struct Answer {
    pub(super) status: &'static str,
    pub(super) headers: String,
    pub(super) body: String,
}

/// A kind of server, or a setting of one that changes its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The package registry of a GitLab project: HTML, and readers of unknown projects are sent on to another index.
    GitLab,
    /// Artifactory, with an account that may not replace files.
    Artifactory,
    /// Artifactory as it words this since 2025.
    ArtifactoryOfLate,
    /// Artifactory that hides what is forbidden, and whose pages have MD5 only, as they had before 2021.
    ArtifactoryHiding,
    /// Nexus with its new databases.
    Nexus,
    /// Nexus with `OrientDB`, which says why in the reason phrase and in a page.
    NexusOfOld,
    /// Links without any hash, as some servers of files have them; a file that is there is a conflict.
    Plain,
}

impl Kind {
    pub(super) const ALL: [Self; 7] = [
        Self::GitLab,
        Self::Artifactory,
        Self::ArtifactoryOfLate,
        Self::ArtifactoryHiding,
        Self::Nexus,
        Self::NexusOfOld,
        Self::Plain,
    ];

    /// The path of uploads; as people write it, which for GitLab and Artifactory has no slash at its end.
    pub(super) fn upload(self) -> &'static str {
        match self {
            Self::GitLab => "/api/v4/projects/42/packages/pypi",
            Self::Artifactory | Self::ArtifactoryOfLate | Self::ArtifactoryHiding => {
                "/artifactory/api/pypi/pypi-local"
            }
            Self::Nexus | Self::NexusOfOld => "/repository/pypi-hosted/",
            Self::Plain => "/",
        }
    }

    /// The path of the simple API.
    pub(super) fn simple(self) -> String {
        format!("{}/simple/", self.upload().trim_end_matches('/'))
    }

    /// A file was taken.
    pub(super) fn taken(self) -> Answer {
        match self {
            Self::GitLab => answer("201 Created", "application/json", "{\"message\":\"201 Created\"}"),
            _ => answer("200 OK", "text/plain", ""),
        }
    }

    /// A file is there and is not replaced.
    pub(super) fn exists(self, project: &str, filename: &str) -> Answer {
        let path = format!("{project}/1.0.0/{filename}");
        match self {
            Self::GitLab => answer(
                "400 Bad Request",
                "application/json",
                "{\"message\":\"Validation failed: File name has already been taken\"}",
            ),
            Self::Artifactory => artifactory(
                "403 Forbidden",
                &format!(
                    "Not enough permissions to delete/overwrite artifact 'pypi-local:{path}' (user: 'someone' needs DELETE permission)."
                ),
            ),
            Self::ArtifactoryOfLate => artifactory(
                "403 Forbidden",
                &format!(
                    "Not enough permissions to delete/overwrite all artifacts under 'pypi-local:{path}'."
                ),
            ),
            Self::ArtifactoryHiding => artifactory(
                "404 Not Found",
                &format!("Could not locate artifact 'pypi-local:{path}' (Not found)."),
            ),
            Self::Nexus => {
                nexus("400 Bad Request", &format!("pypi-hosted/packages/{path} cannot be updated"))
            }
            Self::NexusOfOld => nexus(
                "400 Repository does not allow updating assets: pypi-hosted",
                "Repository does not allow updating assets: pypi-hosted",
            ),
            Self::Plain => answer("409 Conflict", "text/plain", ""),
        }
    }

    /// Nobody is known by such credentials, or there are none.
    pub(super) fn stranger(self) -> Answer {
        match self {
            Self::GitLab => {
                let mut answer =
                    answer("401 Unauthorized", "application/json", "{\"message\":\"401 Unauthorized\"}");
                answer.headers.push_str("WWW-Authenticate: Basic realm=\"GitLab Packages Registry\"\r\n");
                answer
            }
            Self::Artifactory | Self::ArtifactoryOfLate => artifactory("401 Unauthorized", "Bad credentials"),
            // What a stranger may not see is not there.
            Self::ArtifactoryHiding => artifactory("404 Not Found", "Not Found"),
            Self::Nexus | Self::NexusOfOld => nexus("401 Unauthorized", "Unauthorized"),
            Self::Plain => answer("403 Forbidden", "text/plain", "Forbidden"),
        }
    }

    /// The account may read and not upload.
    pub(super) fn forbidden(self) -> Answer {
        match self {
            Self::GitLab => answer("403 Forbidden", "application/json", "{\"message\":\"403 Forbidden\"}"),
            Self::Artifactory | Self::ArtifactoryOfLate | Self::ArtifactoryHiding => artifactory(
                "403 Forbidden",
                "User someone is not permitted to deploy 'alpha' into 'pypi-local:alpha'.",
            ),
            Self::Nexus | Self::NexusOfOld => nexus("403 Forbidden", "Forbidden"),
            Self::Plain => answer("403 Forbidden", "text/plain", "Forbidden"),
        }
    }

    /// There is no such project or repository.
    pub(super) fn no_repository(self) -> Answer {
        match self {
            Self::GitLab => {
                answer("404 Not Found", "application/json", "{\"message\":\"404 Project Not Found\"}")
            }
            Self::Artifactory | Self::ArtifactoryOfLate | Self::ArtifactoryHiding => artifactory(
                "404 Not Found",
                "Failed to find the repository 'pypi-locla' specified in the request.",
            ),
            Self::Nexus | Self::NexusOfOld => nexus("404 Not Found", "Repository not found"),
            Self::Plain => answer("404 Not Found", "text/plain", ""),
        }
    }

    /// The link to a file on the page of its project, relative where the server has it so.
    pub(super) fn link(self, project: &str, filename: &str, sha256: &str) -> String {
        match self {
            Self::GitLab => {
                format!("/api/v4/projects/42/packages/pypi/files/{sha256}/{filename}#sha256={sha256}")
            }
            Self::Artifactory | Self::ArtifactoryOfLate => {
                format!("../../{project}/1.0.0/{filename}#sha256={sha256}")
            }
            Self::ArtifactoryHiding => {
                format!("../../{project}/1.0.0/{filename}#md5=0123456789abcdef0123456789abcdef")
            }
            Self::Nexus | Self::NexusOfOld => {
                format!("../../packages/{project}/1.0.0/{filename}#sha256={sha256}")
            }
            Self::Plain => format!("/files/{filename}"),
        }
    }

    /// The attributes that the server writes into a link besides its address.
    pub(super) fn attributes(self) -> &'static str {
        match self {
            Self::GitLab => " data-requires-python=\"&gt;=3.8\"",
            Self::Artifactory | Self::ArtifactoryOfLate | Self::ArtifactoryHiding => {
                " data-requires-python=\"&gt;=3.8\" rel=\"internal\""
            }
            Self::Nexus | Self::NexusOfOld => " rel=\"internal\" data-requires-python=\"&gt;=3.8\"",
            Self::Plain => "",
        }
    }
}

/// Makes an answer with a body of a media type.
pub(super) fn answer(status: &'static str, media: &str, body: &str) -> Answer {
    Answer { status, headers: format!("Content-Type: {media}\r\n"), body: body.to_owned() }
}

/// Artifactory's answer to files that a repository is set up not to take.
pub(super) fn rejection() -> Answer {
    let message = "The repository 'pypi-local' rejected the deployment of 'alpha' due to its include/exclude pattern settings.";
    artifactory("409 Conflict", message)
}

fn artifactory(status: &'static str, message: &str) -> Answer {
    let code = &status[..3];
    let body = format!(
        "{{\n  \"errors\" : [ {{\n    \"status\" : {code},\n    \"message\" : \"{message}\"\n  }} ]\n}}"
    );
    answer(status, "application/json;charset=ISO-8859-1", &body)
}

fn nexus(status: &'static str, message: &str) -> Answer {
    let code = &status[..3];
    let body = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n  <title>{code} - Nexus Repository Manager</title>\n</head>\n\
         <body>\n<div class=\"nexus-header\"><a href=\"../..\">Nexus</a></div>\n<div class=\"content-header\">\n\
         <span class=\"title\">Error {code}</span>\n</div>\n<div class=\"content-section\">\n      {message}\n\
         </div>\n</body>\n</html>"
    );
    answer(status, "text/html", &body)
}
