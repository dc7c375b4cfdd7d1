package io.pgbackup.archive;

import java.io.IOException;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileOwnerAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Set;

/// What a file needs that PostgreSQL is to have as one of its own.
final class ServerFile {
  static final FileAttribute<Set<PosixFilePermission>> MODE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private ServerFile() {}

  /// As root the agent would leave what the server can neither rename nor open.
  ///
  /// @param view that follows no links: the folder is the server's user's, who could put one to any
  ///   file there
  static void give(FileOwnerAttributeView view, UserPrincipal owner) throws IOException {
    if (!view.getOwner().equals(owner)) {
      view.setOwner(owner);
    }
  }
}
