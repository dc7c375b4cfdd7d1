package io.pgbackup.engine.embedded;

import static io.pgbackup.engine.embedded.ArrivedFiles.damaged;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.crypto.UnopenedObject;
import io.pgbackup.engine.FetchTarget;
import io.pgbackup.engine.FetchedBackup;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.ManifestFile;
import io.pgbackup.engine.format.MemberPath;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// Brings one chain into directories, once.
final class ChainExtraction {
  /// Without them no server starts, whatever else is there.
  private static final List<String> INDISPENSABLE =
      List.of("PG_VERSION", "global/pg_control", "backup_label");

  private final ObjectStore store;
  private final ObjectCipher cipher;
  private final BackupDocuments documents;
  private final BackupChain chain;
  private final int parallelism;
  private final BackupName newest;

  /// Bytes of each file by path; and the files that were put together from several backups.
  private final Map<String, Long> sizes = new HashMap<>();

  private final Set<String> patched = new HashSet<>();

  ChainExtraction(
      ObjectStore store,
      ObjectCipher cipher,
      BackupDocuments documents,
      BackupChain chain,
      int parallelism) {
    this.store = store;
    this.cipher = cipher;
    this.documents = documents;
    this.chain = chain;
    this.parallelism = parallelism;
    this.newest = chain.newest().name();
  }

  FetchedBackup into(FetchTarget target, LongConsumer progress) {
    requireAnyKey();
    ChainFiles files = new ChainFiles(chain, documents);
    List<BackupContents> contents = new ArrayList<>();
    for (BackupChain.Link link : chain.links()) {
      contents.add(
          BackupContents.of(link.name(), documents.tars(link.name()), files.tars(link.name())));
    }
    Optional<Map<String, ManifestFile>> manifest = documents.manifest(newest);
    RestoredTree tree = RestoredTree.in(target);
    @Nullable ArrivedFiles last = null;
    for (int link = 0; link < contents.size(); link++) {
      last = extract(link, contents.get(link), files, manifest, tree, progress);
    }
    manifest.ifPresent(expected -> compare(expected, tree));
    for (String path : INDISPENSABLE) {
      if (!tree.hasFile(path)) {
        throw damaged(newest, path + " is missing");
      }
    }
    tree.finish(target.owner());
    return new FetchedBackup(
        newest,
        sizes.size(),
        sizes.values().stream().mapToLong(Long::longValue).sum(),
        manifest.isPresent(),
        last == null ? List.of() : last.allLeftOut(),
        last == null ? List.of() : missing(files, last));
  }

  /// Without keys nothing could tell a tar from a plain one that somebody put in its place.
  private void requireAnyKey() {
    if (cipher.fingerprints().isEmpty()) {
      for (BackupChain.Link link : chain.links()) {
        Optional<String> key = link.sentinel().keyFingerprint();
        if (key.isPresent()) {
          throw UnopenedObject.of(link.name().value(), new byte[0], key, List.of());
        }
      }
    }
  }

  private ArrivedFiles extract(
      int link,
      BackupContents contents,
      ChainFiles files,
      Optional<Map<String, ManifestFile>> manifest,
      RestoredTree tree,
      LongConsumer progress) {
    BackupName name = chain.links().get(link).name();
    boolean isNewest = name.equals(newest);
    var arrived =
        new ArrivedFiles(name, isNewest ? manifest : documents.manifest(name), manifest, isNewest);
    var extraction =
        new PartExtraction(
            store,
            cipher,
            chain.links().get(link).sentinel().keyFingerprint(),
            new LinkFiles(files, link),
            tree,
            arrived,
            progress);
    try (var workers = new PartWorkers(extraction, parallelism)) {
      workers.extractAll(contents.parts());
      if (isNewest) {
        for (StoredObject tar : contents.last()) {
          workers.extractAll(List.of(tar));
        }
      }
    }
    files.requireArrived(link, arrived::has);
    boolean listed = files.hasList(name) && (!isNewest || missing(files, arrived).isEmpty());
    if (!listed && !arrived.allPerhapsCut().isEmpty()) {
      throw damaged(
          name, arrived.allPerhapsCut().iterator().next() + " ends without the mark of its end");
    }
    sizes.putAll(arrived.sizes());
    patched.addAll(arrived.allPatched());
    return arrived;
  }

  /// What the tars themselves could not show: files that were put together, and files that no tar
  /// had.
  private void compare(Map<String, ManifestFile> manifest, RestoredTree tree) {
    List<String> missing =
        manifest.keySet().stream().filter(path -> !sizes.containsKey(path)).sorted().toList();
    if (!missing.isEmpty()) {
      throw damaged(
          newest,
          missing.size() == 1
              ? missing.getFirst() + " is missing"
              : missing.size() + " files are missing, the first of them " + missing.getFirst());
    }
    for (String path : patched) {
      ManifestFile expected = manifest.get(path);
      if (expected == null) {
        throw damaged(newest, path + " is in a tar and not in its manifest");
      }
      boolean rightPages =
          expected.pageLsns().isEmpty() || expected.pageLsns().get().equals(tree.pageLsns(path));
      if (expected.size() != sizes.getOrDefault(path, -1L) || !rightPages) {
        throw damaged(newest, path + " is not the file that was backed up");
      }
    }
  }

  /// Paths that WAL-G's list has and no tar had.
  private List<String> missing(ChainFiles files, ArrivedFiles arrived) {
    return files.wholeInTheNewest().stream()
        .map(member -> MemberPath.of(member, newest + "/files_metadata.json"))
        .filter(path -> !arrived.hasAnything(path))
        .sorted()
        .toList();
  }
}
