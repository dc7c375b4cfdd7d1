package io.pgbackup.status;

/// A page for a browser.
///
/// @param policy the header `Content-Security-Policy` that belongs to it
public record Page(String html, String policy) {}
