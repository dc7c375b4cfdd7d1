package io.pgbackup.engine.embedded;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/// A base backup unpacked by a foreign tar reader and nothing of ours but the codec.
///
/// @param members names as they stand in the tars, without the leading slash
/// @param parts names of the tar objects
record UnpackedBackup(List<String> members, List<String> parts) {
  static UnpackedBackup into(
      Path directory, ObjectStore store, ArchiveLayout layout, BackupName name) throws IOException {
    List<String> members = new ArrayList<>();
    List<String> parts = new ArrayList<>();
    for (StoredObject part : store.list(layout.tarPartitions(name).path()).toList()) {
      String file = part.key().name();
      parts.add(file);
      try (var tar = open(store, part)) {
        for (TarArchiveEntry entry = tar.getNextEntry();
            entry != null;
            entry = tar.getNextEntry()) {
          members.add(entry.getName().replaceAll("^/|/$", ""));
          unpack(entry, tar, directory);
        }
      }
    }
    return new UnpackedBackup(members, parts);
  }

  /// The members of one tar, as they stand in it.
  static List<String> members(ObjectStore store, StoredObject part) throws IOException {
    List<String> members = new ArrayList<>();
    try (var tar = open(store, part)) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        String name = entry.getName();
        // the reader's own habit
        members.add(entry.isDirectory() && name.length() > 1 ? name.replaceFirst("/$", "") : name);
      }
    }
    return members;
  }

  private static TarArchiveInputStream open(ObjectStore store, StoredObject part) {
    String file = part.key().name();
    String extension = file.substring(file.lastIndexOf('.'));
    Codec codec =
        extension.equals(".tar") ? Codec.NONE : Codec.byExtension(extension).orElseThrow();
    return new TarArchiveInputStream(codec.decompressing(store.open(part.key()), file));
  }

  private static void unpack(TarArchiveEntry entry, TarArchiveInputStream tar, Path directory)
      throws IOException {
    Path path = directory.resolve(entry.getName().replaceFirst("^/", ""));
    if (entry.isDirectory()) {
      Files.createDirectories(path);
    } else {
      Files.createDirectories(path.getParent());
      Files.copy(tar, path);
    }
    Files.setPosixFilePermissions(path, permissions(entry.getMode()));
  }

  private static Set<PosixFilePermission> permissions(int mode) {
    StringBuilder text = new StringBuilder();
    for (int bit = 8; bit >= 0; bit--) {
      text.append((mode >> bit & 1) == 0 ? '-' : "xwr".charAt(bit % 3));
    }
    return new HashSet<>(PosixFilePermissions.fromString(text.toString()));
  }
}
