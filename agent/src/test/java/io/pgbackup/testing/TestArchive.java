package io.pgbackup.testing;

import io.pgbackup.config.ConfigLoader;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.open.Stores;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// An empty archive of one lineage, in a directory or in a real S3 server, with the configuration
/// that leads there. Close it.
///
/// @param yaml the section `storage`
public record TestArchive(String yaml, ObjectStore store, ArchiveLayout layout)
    implements AutoCloseable {
  private static final ArchiveLayout LAYOUT = new ArchiveLayout(StoreFolder.of("c1/uid/18"));

  public enum Kind {
    DIRECTORY,
    S3
  }

  /// @param folder an existing one, for whatever is in files
  public static TestArchive create(Kind kind, Path folder) {
    return switch (kind) {
      case DIRECTORY -> directory(folder);
      case S3 -> s3(S3Server.shared());
    };
  }

  private static TestArchive directory(Path folder) {
    try {
      Path root = Files.createDirectory(folder.resolve("store"));
      Files.createDirectories(root.resolve(LAYOUT.prefix().path()));
      return of("storage: { url: 'file://%s' }\n".formatted(root));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// In a bucket of its own.
  public static TestArchive s3(S3Server server) {
    return s3(server.storageConfig(server.newBucket()));
  }

  /// Behind any endpoint.
  public static TestArchive s3(StorageConfig storage) {
    CredentialFiles files = (CredentialFiles) storage.credentials().orElseThrow();
    String token =
        files.sessionTokenFile().map(file -> ", sessionTokenFile: %s".formatted(file)).orElse("");
    return of(
        """
        storage:
          url: %s
          endpoint: %s
          %s
          credentials: { accessKeyIdFile: %s, secretAccessKeyFile: %s%s }
        """
            .formatted(
                storage.url(),
                storage.endpoint().orElseThrow(),
                storage.caFile().map("caFile: %s"::formatted).orElse("# no authority of its own"),
                files.accessKeyIdFile(),
                files.secretAccessKeyFile(),
                token));
  }

  private static TestArchive of(String yaml) {
    PgBackupConfig config = config(yaml, "");
    return new TestArchive(yaml, Stores.open(config.storage()), LAYOUT);
  }

  /// @param more sections
  public PgBackupConfig config(String more) {
    return config(yaml, more);
  }

  private static PgBackupConfig config(String storage, String more) {
    return new ConfigLoader(Map.of())
        .parse("the test's", "cluster: { name: c1 }\n" + storage + more);
  }

  @Override
  public void close() {
    store.close();
  }
}
