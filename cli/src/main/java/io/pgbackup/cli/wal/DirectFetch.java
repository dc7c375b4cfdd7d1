package io.pgbackup.cli.wal;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.Discovery;
import io.pgbackup.cli.source.Configuration;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.Problem;
import io.pgbackup.secret.SecretFile;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/// Fetches a WAL file from one archive's folder, without an agent: this process has the storage
/// credentials then.
record DirectFetch(Configuration configuration, StoreFolder folder) {
  /// Writes the file so that it appears as a whole.
  ///
  /// @return false only where the store proved that the archive has no such file; a folder that
  ///   holds no archive proves nothing
  boolean fetch(WalFileName name, Path destination) {
    try (ObjectStore store = configuration.open()) {
      Optional<byte[]> content =
          new EmbeddedWalEngine(
                  store,
                  new ArchiveLayout(folder),
                  new Packing(Codec.LZ4, configuration.cipher()),
                  Optional.empty())
              .fetch(name);
      if (content.isEmpty()) {
        requireArchive(store);
        return false;
      }
      write(content.get(), destination);
      return true;
    }
  }

  private void requireArchive(ObjectStore store) {
    Catalog catalog = new Catalog(store);
    Discovery found = catalog.discoverIn(folder);
    if (!found.lineages().isEmpty()) {
      return;
    }
    throw found.unreadable().stream()
        .map(archive -> archive.problem())
        .findFirst()
        .or(() -> found.forbidden().stream().map(each -> each.problem()).findFirst())
        .orElseGet(() -> catalog.explainAbsence(folder))
        .asException();
  }

  private static void write(byte[] content, Path destination) {
    Path temporary =
        destination.resolveSibling(
            destination.getFileName() + ".pgbackup-" + ProcessHandle.current().pid());
    try {
      try (FileChannel file = SecretFile.overwrite(temporary)) {
        ByteBuffer left = ByteBuffer.wrap(content);
        while (left.hasRemaining()) {
          file.write(left);
        }
      }
      // not flushed to disk: PostgreSQL flushes what it keeps of it, and asks again after a crash
      Files.move(temporary, destination, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw Problem.misconfigured(
              destination + " cannot be written: " + e, "Run the command where %p leads to a file.")
          .causedBy(e);
    }
  }
}
