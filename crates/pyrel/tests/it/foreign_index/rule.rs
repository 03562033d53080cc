//! How each kind of server answers: where it takes uploads, what it says, and how its pages look.
//!
//! Each answer names where it was read, in the servers' public source or documentation, or in reports of people who use
//! them; what could not be read anywhere says so.

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
            // gitlabhq, `lib/api/pypi_packages.rb`, the upload endpoint: `created!`.
            Self::GitLab => answer("201 Created", "application/json", "{\"message\":\"201 Created\"}"),
            // nexus-public, `PyPiHostedHandlers.java`: `HttpResponses.ok()`. Artifactory's body is not recorded anywhere.
            _ => answer("200 OK", "text/plain", ""),
        }
    }

    /// A file is there and is not replaced.
    pub(super) fn exists(self, project: &str, filename: &str) -> Answer {
        let path = format!("{project}/1.0.0/{filename}");
        match self {
            // gitlabhq, `lib/api/pypi_packages.rb` and `helpers.rb`: `bad_request!`. Before 2023 without the first words:
            // twine, issue 697.
            Self::GitLab => answer(
                "400 Bad Request",
                "application/json",
                "{\"message\":\"400 Bad request - Validation failed: File name has already been taken\"}",
            ),
            // twine, issue 332, and its test `artifactory_new`.
            Self::Artifactory => artifactory(
                "403 Forbidden",
                &format!(
                    "Not enough permissions to delete/overwrite artifact 'pypi-local:{path}' (user: 'someone' needs DELETE permission)."
                ),
            ),
            // twine, issue 1251.
            Self::ArtifactoryOfLate => artifactory(
                "403 Forbidden",
                &format!(
                    "Not enough permissions to delete/overwrite all artifacts under 'pypi-local:{path}'."
                ),
            ),
            // twine, issue 918.
            Self::ArtifactoryHiding => artifactory(
                "404 Not Found",
                &format!("Could not locate artifact 'pypi-local:{path}' (Not found)."),
            ),
            // nexus-public, issue 696; twine, issue 1044.
            Self::Nexus => {
                nexus("400 Bad Request", &format!("pypi-hosted/packages/{path} cannot be updated"))
            }
            // twine, issue 693, and its tests `nexus` and `nexus_new`.
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
            // gitlabhq, `lib/api/helpers/packages/basic_auth_helpers.rb`: `unauthorized!`.
            Self::GitLab => {
                let body = "{\"message\":\"401 Unauthorized\"}";
                asking(
                    answer("401 Unauthorized", "application/json", body),
                    "Basic",
                    "GitLab Packages Registry",
                )
            }
            // jfrog-cli, issue 947, for the body; bug reports of many clients quote the realm.
            Self::Artifactory | Self::ArtifactoryOfLate => {
                asking(artifactory("401 Unauthorized", "Bad credentials"), "Basic", "Artifactory Realm")
            }
            // What a stranger may not see is not there: JFrog's documentation of "Hide Existence of Unauthorized
            // Resources"; pip, issue 10016.
            Self::ArtifactoryHiding => artifactory("404 Not Found", "Not Found"),
            // Bug reports of many clients quote the realm, with the scheme in capitals.
            Self::Nexus | Self::NexusOfOld => asking(
                nexus("401 Unauthorized", "Unauthorized"),
                "BASIC",
                "Sonatype Nexus Repository Manager",
            ),
            Self::Plain => answer("403 Forbidden", "text/plain", "Forbidden"),
        }
    }

    /// The account may read and not upload.
    pub(super) fn forbidden(self) -> Answer {
        match self {
            // gitlabhq, `lib/api/helpers.rb`: `forbidden!`, called by `authorize_upload!`.
            Self::GitLab => answer("403 Forbidden", "application/json", "{\"message\":\"403 Forbidden\"}"),
            // Artifactory OSS, `RepositoryServiceImpl.java`: `assertDeployPrivileges`; uv, issues with remote
            // repositories, for the envelope.
            Self::Artifactory | Self::ArtifactoryOfLate | Self::ArtifactoryHiding => artifactory(
                "403 Forbidden",
                "User someone is not permitted to deploy 'alpha' into 'pypi-local:alpha'.",
            ),
            // The words of the page are not recorded anywhere.
            Self::Nexus | Self::NexusOfOld => nexus("403 Forbidden", "Forbidden"),
            Self::Plain => answer("403 Forbidden", "text/plain", "Forbidden"),
        }
    }

    /// There is no such project or repository.
    pub(super) fn no_repository(self) -> Answer {
        match self {
            // gitlabhq, `lib/api/pypi_packages.rb`: `find_project(params[:id]) || not_found!`.
            Self::GitLab => answer("404 Not Found", "application/json", "{\"message\":\"404 Not Found\"}"),
            // Artifactory OSS, `UploadServiceImpl.java`: `sendInvalidUploadErrorCode`.
            Self::Artifactory | Self::ArtifactoryOfLate | Self::ArtifactoryHiding => artifactory(
                "404 Not Found",
                "Could not find a local repository named pypi-locla to deploy to.",
            ),
            Self::Nexus | Self::NexusOfOld => nexus("404 Not Found", "Repository not found"),
            Self::Plain => answer("404 Not Found", "text/plain", ""),
        }
    }

    /// The server takes no uploads for now, from nobody.
    pub(super) fn read_only(self) -> Answer {
        match self {
            // GitLab's documentation "Maintenance mode", section "REST API"; gitlabhq, `Gitlab::Middleware::ReadOnly`.
            Self::GitLab => answer(
                "403 Forbidden",
                "application/json",
                "{\"message\":\"You cannot perform write operations on a read-only instance\"}",
            ),
            // Artifactory OSS, `UploadServiceImpl.java`: a virtual repository that no local one stands behind.
            Self::Artifactory | Self::ArtifactoryOfLate | Self::ArtifactoryHiding => {
                let mut answer = artifactory(
                    "405 Method Not Allowed",
                    "No local repository was configured as local deployment repository for the (pypi) virtual repository.",
                );
                answer.headers.push_str("Allow: GET\r\n");
                answer
            }
            // nexus-public, the exception handler of repositories: `readOnly`.
            Self::Nexus | Self::NexusOfOld => {
                nexus("503 Service Unavailable", "Nexus Repository Manager is in read-only mode")
            }
            Self::Plain => answer("405 Method Not Allowed", "text/plain", ""),
        }
    }

    /// The server does not take this name.
    pub(super) fn name_not_allowed(self) -> Option<Answer> {
        match self {
            // gitlabhq, `lib/api/pypi_packages.rb`: `forbidden!` for `ERROR_RESPONSE_PACKAGE_PROTECTED`.
            Self::GitLab => Some(answer(
                "403 Forbidden",
                "application/json",
                "{\"message\":\"403 Forbidden - Package protected.\"}",
            )),
            // Artifactory OSS, `IncludeExcludeException.java`, for the words; reports of failed pipelines for 409.
            Self::Artifactory | Self::ArtifactoryOfLate | Self::ArtifactoryHiding => Some(artifactory(
                "409 Conflict",
                "The repository 'pypi-local' rejected the artifact 'pypi-local:alpha' due to its include/exclude pattern settings.",
            )),
            Self::Nexus | Self::NexusOfOld | Self::Plain => None,
        }
    }

    /// The link to a file on the page of its project, relative where the server has it so.
    pub(super) fn link(self, base: &str, project: &str, filename: &str, sha256: &str) -> String {
        match self {
            // gitlabhq, `app/presenters/packages/pypi/simple_package_versions_presenter.rb`: `expose_url`.
            Self::GitLab => {
                format!("{base}/api/v4/projects/42/packages/pypi/files/{sha256}/{filename}#sha256={sha256}")
            }
            // How Artifactory's links look is known from logs of pip and uv; warehouse, issue 3275; uv, issue 17485.
            Self::Artifactory | Self::ArtifactoryOfLate => {
                format!("../../{project}/1.0.0/{filename}#sha256={sha256}")
            }
            Self::ArtifactoryHiding => {
                format!("../../{project}/1.0.0/{filename}#md5=0123456789abcdef0123456789abcdef")
            }
            // nexus-public, `PyPiHostedFacet.java`: `buildPyPiLink`, with MD5 in the versions whose source is public.
            Self::Nexus => {
                format!("../../packages/{project}/1.0.0/{filename}#sha256={sha256}")
            }
            Self::NexusOfOld => {
                format!("../../packages/{project}/1.0.0/{filename}#md5=0123456789abcdef0123456789abcdef")
            }
            Self::Plain => format!("/files/{filename}"),
        }
    }

    /// The attributes that the server writes into a link besides its address.
    pub(super) fn attributes(self) -> &'static str {
        match self {
            // gitlabhq, `app/presenters/packages/pypi/simple_presenter_base.rb`: `package_link`.
            Self::GitLab => " data-requires-python=\"&gt;=3.8\"",
            Self::Artifactory | Self::ArtifactoryOfLate | Self::ArtifactoryHiding => {
                " data-requires-python=\"&gt;=3.8\" rel=\"internal\""
            }
            // nexus-public, `pypi-index.vm`.
            Self::Nexus | Self::NexusOfOld => " rel=\"internal\" data-requires-python=\"&gt;=3.8\"",
            Self::Plain => "",
        }
    }
}

/// Makes an answer with a body of a media type.
pub(super) fn answer(status: &'static str, media: &str, body: &str) -> Answer {
    Answer { status, headers: format!("Content-Type: {media}\r\n"), body: body.to_owned() }
}

/// Adds the question who it is.
fn asking(mut answer: Answer, scheme: &str, realm: &str) -> Answer {
    answer.headers.push_str(&format!("WWW-Authenticate: {scheme} realm=\"{realm}\"\r\n"));
    answer
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
