package io.pgbackup.verify;

import io.pgbackup.engine.format.FilesMetadataReader;
import io.pgbackup.engine.format.MemberPath;
import java.util.HashSet;
import java.util.Set;

/// What `files_metadata.json` says of a backup. Not thread-safe.
final class ListedFiles implements FilesMetadataReader.Visitor {
  private final String name;
  private final boolean keepOwn;
  private final Set<String> own = new HashSet<>();
  private final Set<String> increments = new HashSet<>();
  private final Set<String> tars = new HashSet<>();

  /// @param name of the document, for messages
  /// @param keepOwn whether the paths of the backup's own files are of use: not where a manifest
  ///   says more
  ListedFiles(String name, boolean keepOwn) {
    this.name = name;
    this.keepOwn = keepOwn;
  }

  @Override
  public void file(String member, boolean incremented, boolean skipped, String modified) {
    if (!skipped && (incremented || keepOwn)) {
      String path = MemberPath.of(member, name);
      if (incremented) {
        increments.add(path);
      }
      if (keepOwn) {
        own.add(path);
      }
    }
  }

  @Override
  public void tar(String tar) {
    tars.add(tar);
  }

  /// Paths that one of the backup's tars should hold; directories may be among them.
  Set<String> own() {
    return own;
  }

  /// Those of which a tar holds only pages.
  Set<String> increments() {
    return increments;
  }

  /// Names of tars that must be there.
  Set<String> tars() {
    return tars;
  }
}
