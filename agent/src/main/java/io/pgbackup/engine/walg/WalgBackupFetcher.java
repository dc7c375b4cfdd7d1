package io.pgbackup.engine.walg;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pgbackup.engine.BackupFetcher;
import io.pgbackup.engine.FetchTarget;
import io.pgbackup.engine.FetchedBackup;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Sentinel;
import io.pgbackup.engine.format.TablespaceSpec;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Fetches base backups with `wal-g backup-fetch`, deltas with all that they stand on. WAL-G checks
/// neither sizes nor digests of files; what a server needs to start is looked for afterwards.
/// Thread-safe.
public final class WalgBackupFetcher implements BackupFetcher {
  private static final Logger LOG = LoggerFactory.getLogger(WalgBackupFetcher.class);
  private static final int GREATEST_SENTINEL = 64 << 20;

  private final Walg walg;
  private final ObjectStore store;
  private final ArchiveLayout layout;
  private final BackupFetcher embedded;

  /// @param embedded knows what an archive says of a backup's tablespaces
  WalgBackupFetcher(Walg walg, ObjectStore store, ArchiveLayout layout, BackupFetcher embedded) {
    this.walg = walg;
    this.store = store;
    this.layout = layout;
    this.embedded = embedded;
  }

  @Override
  public FetchedBackup fetch(BackupName name, FetchTarget target, LongConsumer progress) {
    Sentinel sentinel = sentinel(name);
    FetchedTree tree = new FetchedTree(target);
    Optional<Path> spec =
        sentinel
            .tablespaces()
            .filter(spaces -> !spaces.tablespaces().isEmpty())
            .map(spaces -> restoreSpec(name, spaces, tree.root(), target.tablespaces()));
    tree.prepare();
    walg.fetch(layout, name, tree.root(), spec, new Growth(progress));
    tree.finish(name.value());
    var fetched =
        new FetchedBackup(
            name,
            tree.files(),
            tree.bytes(),
            /* matchesManifest= */ false,
            tree.leftOut(),
            List.of());
    LOG.atInfo()
        .addKeyValue("backup", name)
        .addKeyValue("files", fetched.files())
        .addKeyValue("bytes", fetched.bytes())
        .addKeyValue("leftOut", fetched.leftOut().size())
        .log("base backup fetched by wal-g");
    return fetched;
  }

  @Override
  public Map<String, String> tablespaceNames(BackupName name) {
    return embedded.tablespaceNames(name);
  }

  private Sentinel sentinel(BackupName name) {
    ObjectKey key = layout.sentinel(name);
    try (InputStream stored = store.open(key)) {
      return Sentinel.read(stored.readNBytes(GREATEST_SENTINEL), key.value());
    } catch (PgBackupException e) {
      throw e.problem() instanceof Problem.NotFound
          ? Problem.notFound(
                  "there is no base backup " + name,
                  "List the base backups and choose one of them.")
              .causedBy(e)
          : e;
    } catch (IOException e) {
      throw Problem.storageUnavailable("%s cannot be read: %s".formatted(key, e), "Try again.")
          .causedBy(e);
    }
  }

  private Path restoreSpec(
      BackupName name, TablespaceSpec spaces, Path directory, Map<String, Path> places) {
    ObjectNode spec = JsonNodeFactory.instance.objectNode();
    ArrayNode oids = JsonNodeFactory.instance.arrayNode();
    for (TablespaceSpec.Tablespace space : spaces.tablespaces()) {
      Path place = places.get(space.oid());
      if (place == null) {
        throw Problem.refused(
                "%s has a tablespace %s (once %s), and it is not said where that goes"
                    .formatted(name, space.oid(), space.location()),
                "Name an empty directory for it with --tablespace.")
            .asException();
      }
      spec.putObject(space.oid()).put("loc", place.toString()).put("link", space.link());
      oids.add(space.oid());
    }
    spec.put("base_prefix", directory.toString());
    spec.set("tablespaces", oids);
    return walg.scratch().file("restore-spec.json", spec.toString());
  }

  /// Reports what the kernel says was written since the last look.
  private static final class Growth implements Consumer<WalgProcess> {
    private final LongConsumer progress;
    private long reported;

    Growth(LongConsumer progress) {
      this.progress = progress;
    }

    @Override
    public void accept(WalgProcess process) {
      long written = process.bytesWritten();
      if (written > reported) {
        progress.accept(written - reported);
        reported = written;
      }
    }
  }
}
