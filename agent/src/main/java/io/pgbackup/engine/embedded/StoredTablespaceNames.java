package io.pgbackup.engine.embedded;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.MemberPath;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.engine.format.TarMember;
import io.pgbackup.engine.format.TarReader;
import io.pgbackup.postgres.TablespaceFile;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.io.IOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// Looks for the names of tablespaces in a backup's own catalogue. Where it lies in the tars is not
/// known: they are read from the last one on, since `global` comes behind `base`, until it is
/// found. For one thread.
final class StoredTablespaceNames {
  private static final Pattern SHARED =
      Pattern.compile("global/[0-9]{1,10}|" + Pattern.quote(TablespaceFile.MAP));

  /// One row has some hundred bytes.
  private static final int GREATEST = 1 << 20;

  /// All that PostgreSQL has there is less; a tar may hold anything.
  private static final int MOST = 32 << 20;

  private final ObjectStore store;
  private final BackupDocuments documents;
  private final ObjectCipher cipher;

  /// What the newest backup that has it holds, by path.
  private final Map<String, byte[]> files = new HashMap<>();

  private long kept;

  StoredTablespaceNames(ObjectStore store, BackupDocuments documents, ObjectCipher cipher) {
    this.store = store;
    this.documents = documents;
    this.cipher = cipher;
  }

  /// By number; nothing where the catalogue is not found, or is not what a tar has whole.
  Map<String, String> of(BackupName name) {
    for (BackupChain.Link link : BackupChain.read(name, documents).links().reversed()) {
      List<StoredObject> tars =
          documents.tars(link.name()).stream()
              .sorted(Comparator.comparing((StoredObject tar) -> tar.key().name()).reversed())
              .toList();
      Map<String, byte[]> ofThis = new HashMap<>();
      for (StoredObject tar : tars) {
        read(link, tar.key(), ofThis);
        ofThis.forEach(files::putIfAbsent);
        Optional<byte[]> catalogue = catalogue();
        if (catalogue.isPresent()) {
          return TablespaceFile.names(catalogue.get());
        }
      }
    }
    return Map.of();
  }

  private Optional<byte[]> catalogue() {
    return Optional.ofNullable(files.get(TablespaceFile.MAP))
        .flatMap(TablespaceFile::fileNumber)
        .flatMap(number -> Optional.ofNullable(files.get("global/" + number)));
  }

  private void read(BackupChain.Link link, ObjectKey key, Map<String, byte[]> found) {
    Packing packing = new Packing(Codec.ofTar(key), cipher);
    try (TarReader tar =
        new TarReader(
            packing.unpacking(store.open(key), key.value(), () -> link.sentinel().keyFingerprint()),
            key.value())) {
      for (Optional<TarMember> member = tar.next(); member.isPresent(); member = tar.next()) {
        String path = MemberPath.of(member.get().name(), key.value());
        if (member.get().kind() == TarMember.Kind.FILE
            && member.get().size() <= Math.min(GREATEST, MOST - kept)
            && SHARED.matcher(path).matches()) {
          found.put(path, tar.content().readAllBytes());
          kept += member.get().size();
        }
        if (Thread.currentThread().isInterrupted()) {
          throw Interruption.of("reading " + key);
        }
      }
    } catch (IOException e) {
      throw Problem.readingBrokeOff(key, e);
    }
  }
}
