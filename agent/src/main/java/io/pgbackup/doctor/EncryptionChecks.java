package io.pgbackup.doctor;

import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.EncryptionMethod;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.encryption.Encryption;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageFolders;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The keys, tried: what is encrypted must come back, what was changed must not, and what lies in
/// the archive must be readable with what is here.
final class EncryptionChecks {
  private static final int SAMPLE = 100 << 10;

  private final PgBackupConfig config;
  private final Supplier<ObjectStore> store;
  private @Nullable ObjectCipher cipher;

  /// @param store where the archive lies
  EncryptionChecks(PgBackupConfig config, Supplier<ObjectStore> store) {
    this.config = config;
    this.store = store;
  }

  CheckGroup group() {
    return CheckGroup.of(
        Group.ENCRYPTION,
        List.of(
            Check.gate("keys", this::keys),
            Check.of("round-trip", () -> roundTrip(cipher())),
            Check.of("archive", this::archive)));
  }

  private ObjectCipher cipher() {
    return Objects.requireNonNull(cipher);
  }

  private Outcome keys() {
    ObjectCipher opened = Encryption.open(config.encryption());
    cipher = opened;
    return keys(opened, config.encryption().method() == EncryptionMethod.NONE);
  }

  static Outcome keys(ObjectCipher cipher, boolean plain) {
    if (plain) {
      return Outcome.pass("encryption.method is none: whoever reads the bucket reads the data");
    }
    String fingerprint = cipher.fingerprint().orElse("nothing");
    return cipher.readsWhatItWrites()
        ? Outcome.pass(
            "encrypts with %s; reads with %s"
                .formatted(fingerprint, String.join(", ", cipher.fingerprints())))
        : Outcome.warn(
            "encrypts with %s and has no secret key to read it".formatted(fingerprint),
            "Restores need encryption.secretKeyFile; so does a server after a promotion, to archive.");
  }

  static Outcome roundTrip(ObjectCipher cipher) {
    if (cipher.fingerprint().isEmpty()) {
      return Outcome.skip("nothing is encrypted");
    }
    byte[] content = new byte[SAMPLE];
    new Random(2).nextBytes(content);
    Packing packing = new Packing(Codec.LZ4, cipher);
    byte[] packed = packing.pack(content);
    if (packing.isReadableWithoutKey("a test", packed, content)) {
      return Outcome.fail(
          Problem.verificationFailed(
              "what was to be encrypted is not", "Nothing may be stored with this; report it."));
    }
    if (!cipher.readsWhatItWrites()) {
      return Outcome.pass("what is encrypted cannot be read without a key; here is none to try");
    }
    if (!Arrays.equals(packing.unpack(packed, "a test", content.length), content)) {
      return Outcome.fail(
          Problem.verificationFailed(
              "the key does not give back what it encrypted", "Look at the key files."));
    }
    byte[] damaged = packed.clone();
    damaged[damaged.length / 2] ^= 1;
    return refuses(packing, damaged, content.length)
        ? Outcome.pass("what is encrypted comes back, and what was changed is refused")
        : Outcome.fail(
            Problem.verificationFailed(
                "an encrypted object that was changed is taken for whole", "Report it."));
  }

  private static boolean refuses(Packing packing, byte[] damaged, int length) {
    try {
      packing.unpack(damaged, "a test", length);
      return false;
    } catch (PgBackupException e) {
      return e.problem() instanceof Problem.VerificationFailed;
    }
  }

  /// The first WAL object and a part of the newest base backup of each lineage: a key that was
  /// changed and forgotten misses the one or the other.
  private Outcome archive() {
    ObjectStore archive = store.get();
    List<StoreFolder> folders =
        LineageFolders.find(
            archive,
            new PrefixTemplate(config.storage().prefix()),
            new ClusterId(config.cluster().namespace(), config.cluster().name()));
    int read = 0;
    for (StoreFolder folder : folders) {
      for (ObjectKey key : samples(archive, new ArchiveLayout(folder)).toList()) {
        requireReadable(archive, key);
        read++;
      }
    }
    return read == 0
        ? Outcome.skip("the archive is empty")
        : Outcome.pass("%d samples of the archive can be read with these keys".formatted(read));
  }

  private static Stream<ObjectKey> samples(ObjectStore store, ArchiveLayout layout) {
    return Stream.of(firstWal(store, layout), newestPart(store, layout)).flatMap(Optional::stream);
  }

  private static Optional<ObjectKey> firstWal(ObjectStore store, ArchiveLayout layout) {
    try (Stream<StoredObject> objects = store.objects(layout.wal(), "")) {
      return objects.map(StoredObject::key).filter(key -> codec(key).isPresent()).findFirst();
    }
  }

  private static Optional<ObjectKey> newestPart(ObjectStore store, ArchiveLayout layout) {
    try (Stream<StoredObject> sentinels = store.objects(layout.baseBackups(), "base_")) {
      return sentinels
          .map(StoredObject::key)
          .map(layout::backupOf)
          .flatMap(Optional::stream)
          .reduce((_, later) -> later)
          .flatMap(
              backup -> {
                try (Stream<StoredObject> parts = store.objects(layout.tarPartitions(backup), "")) {
                  return parts.map(StoredObject::key).findFirst();
                }
              });
    }
  }

  private static Optional<Codec> codec(ObjectKey key) {
    int dot = key.name().lastIndexOf('.');
    return dot < 0 ? Optional.of(Codec.NONE) : Codec.byExtension(key.name().substring(dot));
  }

  private void requireReadable(ObjectStore archive, ObjectKey key) {
    Packing packing = new Packing(codec(key).orElse(Codec.NONE), cipher());
    try (InputStream content = packing.open(archive, key)) {
      content.readNBytes(1024);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
