package io.pgbackup.engine.embedded;

import io.pgbackup.engine.format.FileDescription.Content;
import io.pgbackup.engine.format.ManifestFile;
import java.time.Instant;
import java.util.Optional;

/// A file as the parent of a delta has it.
///
/// @param modified its time of modification before it was read, where the parent's list says it
/// @param manifest what our manifest says of it, where the parent has one
record ParentFile(Optional<Instant> modified, Optional<ManifestFile> manifest) {
  /// Of the whole file, where it is known.
  Optional<String> contentDigest() {
    return manifest
        .filter(known -> known.content() != Content.INCREMENT)
        .map(ManifestFile::sha256)
        .filter(digest -> !digest.isEmpty());
  }

  /// Whether the positions of its pages are known, or follow from what lies whole in the archive.
  boolean provesPages() {
    return manifest
        .filter(known -> contentDigest().isPresent() || known.pageLsns().isPresent())
        .isPresent();
  }

  /// Bytes up to which the parent or an ancestor may hold a page that is not empty.
  long extent() {
    return manifest.map(ManifestFile::extent).orElse(Long.MAX_VALUE);
  }
}
