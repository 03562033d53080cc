//! The catalogue: one file a rule, all listed here.

mod archive_damaged;
mod archive_limits;
mod attestation_count;
mod attestation_format;
pub(super) mod attestation_orphan;
mod attestation_subject;
mod attestation_type;
mod classifier_deprecated;
mod classifier_unknown;
mod compression_method;
mod compression_ratio;
mod description_content_type;
mod description_content_type_missing;
mod description_markdown;
mod description_missing;
mod description_rst;
mod direct_reference;
mod dist_info_directory;
mod duplicate_member;
mod dynamic_field;
mod email_address;
mod encrypted_code;
mod entry_point_target;
mod entry_points;
mod file_size;
mod filename_characters;
mod filename_extension;
mod filename_length;
mod home_page;
mod import_name;
mod index_file_exists;
mod index_name_similar;
mod index_project_archived;
mod index_project_new;
mod index_project_size;
mod index_release_closed;
mod index_sdist_exists;
mod license_conflict;
mod license_expression;
mod license_file_missing;
mod license_file_path;
mod local_version;
mod member_encrypted;
mod member_link;
mod member_unreadable;
mod member_unsafe_name;
pub(super) mod metadata_braces;
mod metadata_field_repeated;
mod metadata_field_version;
mod metadata_syntax;
mod metadata_unknown_field;
mod metadata_version;
mod not_an_archive;
mod one_sdist;
mod prohibited_name;
mod project_mismatch;
mod project_name;
mod project_url;
mod project_version;
mod provides_dist;
mod provides_extra;
mod record_absent;
mod record_blank_line;
mod record_format;
mod record_hash;
mod record_missing;
mod record_own_row;
mod record_size;
mod record_unlisted;
mod requires_dist;
mod requires_python;
mod sdist_build_file;
mod sdist_directory_name;
mod sdist_filename;
mod sdist_layout;
mod stdlib_name;
mod summary_length;
mod summary_line;
mod tar_end;
mod tar_mixed_names;
mod tar_sparse;
mod two_formats;
pub(super) mod unreadable_file;
mod upload_form;
mod version_normal_form;
mod wheel_empty;
mod wheel_file;
mod wheel_file_missing;
mod wheel_filename;
mod wheel_metadata_missing;
mod wheel_platform_tag;
mod wheel_purelib;
mod wheel_tags;
mod zip_data_descriptor;
mod zip_duplicate_member;
mod zip_member_comment;
mod zip_member_name;
mod zip_structure;

mod page;

use super::rule::Rule;

pub use page::rules_page;

/// Every rule, sorted by name.
pub static RULES: &[&Rule] = &[
    &archive_damaged::RULE,
    &archive_limits::RULE,
    &attestation_count::RULE,
    &attestation_format::RULE,
    &attestation_orphan::RULE,
    &attestation_subject::RULE,
    &attestation_type::RULE,
    &classifier_deprecated::RULE,
    &classifier_unknown::RULE,
    &compression_method::RULE,
    &compression_ratio::RULE,
    &description_content_type::RULE,
    &description_content_type_missing::RULE,
    &description_markdown::RULE,
    &description_missing::RULE,
    &description_rst::RULE,
    &direct_reference::RULE,
    &dist_info_directory::RULE,
    &duplicate_member::RULE,
    &dynamic_field::RULE,
    &email_address::RULE,
    &encrypted_code::RULE,
    &entry_point_target::RULE,
    &entry_points::RULE,
    &file_size::RULE,
    &filename_characters::RULE,
    &filename_extension::RULE,
    &filename_length::RULE,
    &home_page::RULE,
    &import_name::RULE,
    &index_file_exists::RULE,
    &index_name_similar::RULE,
    &index_project_archived::RULE,
    &index_project_new::RULE,
    &index_project_size::RULE,
    &index_release_closed::RULE,
    &index_sdist_exists::RULE,
    &license_conflict::RULE,
    &license_expression::RULE,
    &license_file_missing::RULE,
    &license_file_path::RULE,
    &local_version::RULE,
    &member_encrypted::RULE,
    &member_link::RULE,
    &member_unreadable::RULE,
    &member_unsafe_name::RULE,
    &metadata_braces::RULE,
    &metadata_field_repeated::RULE,
    &metadata_field_version::RULE,
    &metadata_syntax::RULE,
    &metadata_unknown_field::RULE,
    &metadata_version::RULE,
    &not_an_archive::RULE,
    &one_sdist::RULE,
    &prohibited_name::RULE,
    &project_mismatch::RULE,
    &project_name::RULE,
    &project_url::RULE,
    &project_version::RULE,
    &provides_dist::RULE,
    &provides_extra::RULE,
    &record_absent::RULE,
    &record_blank_line::RULE,
    &record_format::RULE,
    &record_hash::RULE,
    &record_missing::RULE,
    &record_own_row::RULE,
    &record_size::RULE,
    &record_unlisted::RULE,
    &requires_dist::RULE,
    &requires_python::RULE,
    &sdist_build_file::RULE,
    &sdist_directory_name::RULE,
    &sdist_filename::RULE,
    &sdist_layout::RULE,
    &stdlib_name::RULE,
    &summary_length::RULE,
    &summary_line::RULE,
    &tar_end::RULE,
    &tar_mixed_names::RULE,
    &tar_sparse::RULE,
    &two_formats::RULE,
    &unreadable_file::RULE,
    &upload_form::RULE,
    &version_normal_form::RULE,
    &wheel_empty::RULE,
    &wheel_file::RULE,
    &wheel_file_missing::RULE,
    &wheel_filename::RULE,
    &wheel_metadata_missing::RULE,
    &wheel_platform_tag::RULE,
    &wheel_purelib::RULE,
    &wheel_tags::RULE,
    &zip_data_descriptor::RULE,
    &zip_duplicate_member::RULE,
    &zip_member_comment::RULE,
    &zip_member_name::RULE,
    &zip_structure::RULE,
];

/// Finds a rule by its name.
#[must_use]
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.name == name)
}
