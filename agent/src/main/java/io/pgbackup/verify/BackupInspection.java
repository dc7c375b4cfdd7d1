package io.pgbackup.verify;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.crypto.UnopenedObject;
import io.pgbackup.engine.embedded.BackupDocuments;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.FileDescription.Content;
import io.pgbackup.engine.format.ManifestFile;
import io.pgbackup.engine.format.Sentinel;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Reads every object of one base backup. A fault of one object ends nothing; a store that does not
/// answer does, because nothing is proved then.
final class BackupInspection {
  private final ObjectStore store;
  private final ArchiveLayout layout;
  private final ObjectCipher cipher;
  private final BackupDocuments documents;
  private final ReadingThreads threads;
  private final VerifyListener listener;

  BackupInspection(
      ObjectStore store,
      ArchiveLayout layout,
      ObjectCipher cipher,
      ReadingThreads threads,
      VerifyListener listener) {
    this.store = store;
    this.layout = layout;
    this.cipher = cipher;
    this.documents = new BackupDocuments(store, layout, cipher);
    this.threads = threads;
    this.listener = listener;
  }

  BackupReport read(BackupName name) {
    List<Fault> faults = new ArrayList<>();
    Optional<Sentinel> known =
        attempt(layout.sentinel(name), faults, () -> documents.sentinel(name));
    if (known.isEmpty()) {
      if (faults.isEmpty()) {
        faults.add(gone(layout.sentinel(name)));
      }
      return new BackupReport(name, false, 0, 0, 0, faults, List.of());
    }
    Sentinel sentinel = known.get();
    Optional<String> key = sentinel.keyFingerprint().filter(_ -> cipher.fingerprints().isEmpty());
    if (key.isPresent()) {
      faults.add(
          Fault.of(
              layout.backup(name).path(),
              UnopenedObject.of(name.value(), new byte[0], key, List.of()).problem()));
      return new BackupReport(name, false, 0, 0, 0, faults, List.of());
    }
    return read(name, sentinel, faults);
  }

  private BackupReport read(BackupName name, Sentinel sentinel, List<Fault> faults) {
    boolean delta = sentinel.delta().isPresent();
    attempt(layout.metadata(name), faults, () -> documents.metadata(name));
    Optional<Map<String, ManifestFile>> manifest =
        attempt(layout.manifest(name), faults, () -> documents.manifest(name));
    ListedFiles listed = listed(name, sentinel, manifest.isPresent(), faults);
    Set<String> needed = new TreeSet<>(listed.tars());
    Set<String> increments = new TreeSet<>(listed.increments());
    manifest.ifPresent(
        files ->
            files
                .values()
                .forEach(
                    file -> {
                      if (file.content() != Content.OF_THE_PARENT) {
                        needed.add(file.part());
                      }
                      if (file.content() == Content.INCREMENT) {
                        increments.add(file.path());
                      }
                    }));
    boolean compared = manifest.isPresent();
    FileComparison comparison =
        new FileComparison(manifest, listed, delta, sentinel.systemIdentifier());
    readTars(name, sentinel, needed, increments, comparison, faults);
    faults.addAll(comparison.faults(tar -> tarKey(name, tar)));
    return new BackupReport(
        name,
        compared,
        comparison.tars(),
        comparison.files(),
        comparison.bytes(),
        faults,
        comparison.notes());
  }

  private String tarKey(BackupName name, String tar) {
    return tar.isEmpty()
        ? layout.tarPartitions(name).path()
        : layout.tarPartitions(name).key(tar).value();
  }

  /// @param ours whether it is a backup of ours, which always has one
  private ListedFiles listed(BackupName name, Sentinel sentinel, boolean ours, List<Fault> faults) {
    ObjectKey key = layout.filesMetadata(name);
    ListedFiles listed = new ListedFiles(key.value(), !ours);
    Optional<Boolean> there =
        attempt(key, faults, () -> Optional.of(documents.filesMetadata(name, listed)));
    boolean expected = sentinel.delta().isPresent() || (ours && !sentinel.filesMetadataDisabled());
    if (there.filter(found -> !found).isPresent() && expected) {
      faults.add(gone(key));
    }
    // what a damaged list said before it broke off proves nothing
    return there.isPresent() ? listed : new ListedFiles(key.value(), false);
  }

  private void readTars(
      BackupName name,
      Sentinel sentinel,
      Set<String> needed,
      Set<String> increments,
      FileComparison comparison,
      List<Fault> faults) {
    List<StoredObject> tars = documents.tars(name);
    listener.backup(name, tars.size());
    Set<String> present = tars.stream().map(tar -> tar.key().name()).collect(Collectors.toSet());
    Stream.concat(needed.stream(), tars.isEmpty() ? Stream.of("") : Stream.empty())
        .filter(tar -> !present.contains(tar))
        .forEach(
            tar -> {
              comparison.lost(tar);
              faults.add(new Fault(tarKey(name, tar), "is missing", Fault.LOOK));
            });
    var inspection = new TarInspection(store, cipher, sentinel.keyFingerprint(), increments);
    var found = new ConcurrentLinkedQueue<Fault>();
    threads.all(
        tars.stream()
            .map(
                tar ->
                    (Runnable)
                        () -> {
                          try {
                            comparison.tar(Attempts.of(() -> inspection.read(tar.key())));
                          } catch (PgBackupException e) {
                            found.add(Attempts.fault(tar.key(), e));
                            comparison.lost(tar.key().name());
                          }
                        })
            .toList());
    found.stream().sorted((a, b) -> a.object().compareTo(b.object())).forEach(faults::add);
  }

  private static Fault gone(ObjectKey key) {
    return new Fault(key.value(), "is missing", Fault.LOOK);
  }

  /// @return nothing where there is no such document, or where it is damaged, which is a fault then
  private static <T> Optional<T> attempt(
      ObjectKey key, List<Fault> faults, Supplier<Optional<T>> reading) {
    try {
      return Attempts.of(reading);
    } catch (PgBackupException e) {
      if (!(e.problem() instanceof Problem.VerificationFailed)) {
        throw e;
      }
      faults.add(Fault.of(key.value(), e.problem()));
      return Optional.empty();
    }
  }
}
