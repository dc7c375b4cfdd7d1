package io.pgbackup.engine.walg;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pgbackup.engine.BackupFetcher;
import io.pgbackup.engine.FetchTarget;
import io.pgbackup.engine.FetchedBackup;
import io.pgbackup.engine.embedded.ChainCheck;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.TablespaceSpec;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Fetches base backups with `wal-g backup-fetch`, deltas with all that they stand on. WAL-G checks
/// neither chains nor sizes nor digests of files: the chain is checked before, and afterwards every
/// listed file must be there. What WAL-G would not do justice to goes to the embedded engine: a
/// backup with a manifest, and one whose tablespaces only the caller knows.
///
/// Thread-safe.
public final class WalgBackupFetcher implements BackupFetcher {
  private static final Logger LOG = LoggerFactory.getLogger(WalgBackupFetcher.class);

  private final Walg walg;
  private final ObjectStore store;
  private final ArchiveLayout layout;
  private final BackupFetcher embedded;

  /// @param embedded brings back what WAL-G cannot
  WalgBackupFetcher(Walg walg, ObjectStore store, ArchiveLayout layout, BackupFetcher embedded) {
    this.walg = walg;
    this.store = store;
    this.layout = layout;
    this.embedded = embedded;
  }

  @Override
  public FetchedBackup fetch(BackupName name, FetchTarget target, LongConsumer progress) {
    ChainCheck chain = ChainCheck.of(store, layout, name);
    Optional<TablespaceSpec> spaces = chain.sentinel().tablespaces();
    if (chain.hasManifest() || (spaces.isEmpty() && !target.tablespaces().isEmpty())) {
      return embedded.fetch(name, target, progress);
    }
    FetchedTree tree = new FetchedTree(target);
    Optional<Path> spec =
        spaces
            .filter(known -> !known.tablespaces().isEmpty())
            .map(known -> restoreSpec(name, known, tree.root(), target.tablespaces()));
    tree.prepare();
    walg.fetch(layout, name, tree.root(), spec, new Growth(progress));
    List<String> missing = chain.missing(tree.root());
    tree.finish(name.value());
    var fetched =
        new FetchedBackup(
            name,
            tree.files(),
            tree.bytes(),
            /* matchesManifest= */ false,
            tree.leftOut(),
            missing);
    LOG.atInfo()
        .addKeyValue("backup", name)
        .addKeyValue("files", fetched.files())
        .addKeyValue("bytes", fetched.bytes())
        .addKeyValue("leftOut", fetched.leftOut().size())
        .addKeyValue("missing", fetched.missing().size())
        .log("base backup fetched by wal-g");
    return fetched;
  }

  @Override
  public Map<String, String> tablespaceNames(BackupName name) {
    return embedded.tablespaceNames(name);
  }

  @Override
  public Map<String, String> searchTablespaceNames(BackupName name) {
    return embedded.searchTablespaceNames(name);
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
