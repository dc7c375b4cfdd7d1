package io.pgbackup.engine.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;

/// What one `lstat` says.
///
/// @param mode permission bits only
/// @param modified when its content last changed, as finely as the file system says it
/// @param changed when anything of it last changed, which no program can set (`ctime`)
/// @param created not before it was made: when it was, where the file system tells that and it was
///   modified later; otherwise `changed`
record FileFacts(
    Kind kind,
    int mode,
    int uid,
    int gid,
    long size,
    Instant modified,
    Instant changed,
    Instant created) {
  private static final int PERMISSIONS = 07777;
  private static final int FORMAT = 0170000;
  private static final int PRIVATE_DIRECTORY = 0700;

  enum Kind {
    DIRECTORY,
    REGULAR,
    LINK,
    SOCKET,
    OTHER
  }

  /// @throws java.nio.file.NoSuchFileException if it vanished
  static FileFacts of(Path path, LinkOption... options) throws IOException {
    Map<String, Object> facts =
        Files.readAttributes(
            path, "unix:mode,uid,gid,size,lastModifiedTime,ctime,creationTime", options);
    int mode = number(facts, "mode");
    Kind kind =
        switch (mode & FORMAT) {
          case 0040000 -> Kind.DIRECTORY;
          case 0100000 -> Kind.REGULAR;
          case 0120000 -> Kind.LINK;
          case 0140000 -> Kind.SOCKET;
          default -> Kind.OTHER;
        };
    Instant modified = time(facts, "lastModifiedTime");
    Instant changed = time(facts, "ctime");
    Instant created = time(facts, "creationTime");
    return new FileFacts(
        kind,
        mode & PERMISSIONS,
        number(facts, "uid"),
        number(facts, "gid"),
        (Long) Objects.requireNonNull(facts.get("size")),
        modified,
        changed,
        // Java gives the time of modification where there is no other, so that equal times leave
        // open whether this is the time of creation or whether the file system keeps none
        created.equals(modified) ? changed : created);
  }

  /// The same; a symbolic link to a directory becomes one, private as PostgreSQL wants it.
  FileFacts asDirectory() {
    return kind == Kind.DIRECTORY
        ? this
        : new FileFacts(
            Kind.DIRECTORY, PRIVATE_DIRECTORY, uid, gid, size, modified, changed, created);
  }

  private static Instant time(Map<String, Object> facts, String name) {
    return ((FileTime) Objects.requireNonNull(facts.get(name))).toInstant();
  }

  private static int number(Map<String, Object> facts, String name) {
    return (Integer) Objects.requireNonNull(facts.get(name));
  }
}
