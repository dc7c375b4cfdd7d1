package io.pgbackup.engine.embedded;

/// What one backup of a chain contributes.
///
/// @param link counted from the full backup
record LinkFiles(ChainFiles files, int link) {
  ChainFiles.Use use(String member) {
    return files.use(member, link);
  }

  /// Whether nothing younger changes the file.
  boolean isFinal(String member) {
    return files.isFinal(member, link);
  }

  /// Directories of older backups may have been removed since.
  boolean takesDirectories() {
    return files.isNewest(link);
  }
}
