//! The catalogue: one file a rule, all listed here.

mod archive_damaged;
mod archive_limits;
mod attestation_count;
mod attestation_format;
pub(super) mod attestation_orphan;
mod attestation_subject;
mod attestation_type;
mod changelog_entry;
mod classifier_deprecated;
mod classifier_python;
mod classifier_unknown;
mod compression_method;
mod compression_ratio;
mod description_content_type;
mod description_content_type_defect;
mod description_content_type_missing;
mod description_markdown;
mod description_missing;
mod description_rst;
mod description_rst_unknown;
mod direct_reference;
mod dist_info_directory;
mod duplicate_member;
mod duplicate_tree;
mod dynamic_field;
mod email_address;
mod encrypted_code;
mod entry_point_object;
mod entry_point_target;
mod entry_points;
pub(super) mod file_count_jump;
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
mod internal_bound;
mod internal_unbounded;
mod junk_file;
mod license_conflict;
mod license_expression;
mod license_file_missing;
mod license_file_path;
mod license_text;
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
mod package_empty;
mod private_key;
mod prohibited_name;
mod project_mismatch;
mod project_name;
mod project_url;
mod project_url_label;
mod project_version;
mod provides_dist;
mod provides_extra;
mod python_syntax;
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
mod sdist_module_missing;
mod sdist_wheel_content;
mod sdist_wheel_metadata;
mod sdist_wheel_version;
mod secret_file;
mod secret_token;
mod size_jump;
mod stdlib_clash;
mod stdlib_name;
mod stray_top_level;
mod summary_length;
mod summary_line;
mod tar_end;
mod tar_mixed_names;
mod tar_sparse;
mod top_level_clash;
mod two_formats;
mod typed_marker;
pub(super) mod unreadable_file;
mod untracked_member;
mod upload_form;
mod url_form;
mod version_normal_form;
mod version_order;
mod wheel_empty;
mod wheel_file;
mod wheel_file_missing;
mod wheel_filename;
mod wheel_metadata_missing;
mod wheel_module_missing;
mod wheel_name_mismatch;
mod wheel_platform_tag;
mod wheel_purelib;
mod wheel_tags;
mod wheel_version_mismatch;
mod zip_data_descriptor;
mod zip_duplicate_member;
mod zip_hidden_member;
mod zip_member_comment;
mod zip_member_name;
mod zip_stray_bytes;
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
    &changelog_entry::RULE,
    &classifier_deprecated::RULE,
    &classifier_python::RULE,
    &classifier_unknown::RULE,
    &compression_method::RULE,
    &compression_ratio::RULE,
    &description_content_type::RULE,
    &description_content_type_defect::RULE,
    &description_content_type_missing::RULE,
    &description_markdown::RULE,
    &description_missing::RULE,
    &description_rst::RULE,
    &description_rst_unknown::RULE,
    &direct_reference::RULE,
    &dist_info_directory::RULE,
    &duplicate_member::RULE,
    &duplicate_tree::RULE,
    &dynamic_field::RULE,
    &email_address::RULE,
    &encrypted_code::RULE,
    &entry_point_object::RULE,
    &entry_point_target::RULE,
    &entry_points::RULE,
    &file_count_jump::RULE,
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
    &internal_bound::RULE,
    &internal_unbounded::RULE,
    &junk_file::RULE,
    &license_conflict::RULE,
    &license_expression::RULE,
    &license_file_missing::RULE,
    &license_file_path::RULE,
    &license_text::RULE,
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
    &package_empty::RULE,
    &private_key::RULE,
    &prohibited_name::RULE,
    &project_mismatch::RULE,
    &project_name::RULE,
    &project_url::RULE,
    &project_url_label::RULE,
    &project_version::RULE,
    &provides_dist::RULE,
    &provides_extra::RULE,
    &python_syntax::RULE,
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
    &sdist_module_missing::RULE,
    &sdist_wheel_content::RULE,
    &sdist_wheel_metadata::RULE,
    &sdist_wheel_version::RULE,
    &secret_file::RULE,
    &secret_token::RULE,
    &size_jump::RULE,
    &stdlib_clash::RULE,
    &stdlib_name::RULE,
    &stray_top_level::RULE,
    &summary_length::RULE,
    &summary_line::RULE,
    &tar_end::RULE,
    &tar_mixed_names::RULE,
    &tar_sparse::RULE,
    &top_level_clash::RULE,
    &two_formats::RULE,
    &typed_marker::RULE,
    &unreadable_file::RULE,
    &untracked_member::RULE,
    &upload_form::RULE,
    &url_form::RULE,
    &version_normal_form::RULE,
    &version_order::RULE,
    &wheel_empty::RULE,
    &wheel_file::RULE,
    &wheel_file_missing::RULE,
    &wheel_filename::RULE,
    &wheel_metadata_missing::RULE,
    &wheel_module_missing::RULE,
    &wheel_name_mismatch::RULE,
    &wheel_platform_tag::RULE,
    &wheel_purelib::RULE,
    &wheel_tags::RULE,
    &wheel_version_mismatch::RULE,
    &zip_data_descriptor::RULE,
    &zip_duplicate_member::RULE,
    &zip_hidden_member::RULE,
    &zip_member_comment::RULE,
    &zip_member_name::RULE,
    &zip_stray_bytes::RULE,
    &zip_structure::RULE,
];

/// Finds a rule by its name.
#[must_use]
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.name == name)
}
