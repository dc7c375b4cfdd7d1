package io.pgbackup.verify;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.crypto.Sha256;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.IncrementReader;
import io.pgbackup.engine.format.MemberPath;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.engine.format.TarMember;
import io.pgbackup.engine.format.TarReader;
import io.pgbackup.postgres.ControlFile;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.verify.TarContent.Member;
import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads tars to their end: decrypted, decompressed, member by member. Thread-safe; memory is a
/// buffer, the codec's window and the names in one tar.
///
/// @param writtenWith the fingerprint of the backup's key, where its sentinel says so
/// @param increments paths of which the tars hold only pages
record TarInspection(
    ObjectStore store, ObjectCipher cipher, Optional<String> writtenWith, Set<String> increments) {
  private static final int CHUNK = 256 << 10;
  private static final int GREATEST_CONTROL_FILE = 64 << 10;

  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed` if the object is damaged,
  ///   `NotFound` if it is gone
  TarContent read(ObjectKey key) {
    try (var tar = new TarReader(unpacking(key), key.value())) {
      return new Run(key, tar).content();
    } catch (IOException e) {
      throw Problem.storageUnavailable(
              "reading " + key + " broke off: " + e.getMessage(), "Try again.")
          .causedBy(e);
    }
  }

  private InputStream unpacking(ObjectKey key) {
    var packing = new Packing(Codec.ofTar(key), cipher);
    return writtenWith.isPresent()
        ? packing.unpacking(store.open(key), key.value(), () -> writtenWith)
        : packing.open(store, key);
  }

  private final class Run {
    private final ObjectKey key;
    private final TarReader tar;
    private final byte[] chunk = new byte[CHUNK];
    private final MessageDigest digest = Sha256.digest();
    private final List<Member> members = new ArrayList<>();
    private final List<String> others = new ArrayList<>();
    private @Nullable ControlFile control;
    private long bytes;

    private Run(ObjectKey key, TarReader tar) {
      this.key = key;
      this.tar = tar;
    }

    private TarContent content() throws IOException {
      for (var member = tar.next(); member.isPresent(); member = tar.next()) {
        add(member.get());
      }
      return new TarContent(
          key.name(),
          members,
          others,
          !tar.isMarked() && Codec.ofTar(key) == Codec.NONE,
          Optional.ofNullable(control),
          bytes);
    }

    private void add(TarMember member) throws IOException {
      String path = MemberPath.of(member.name(), key.value());
      switch (member.kind()) {
        case DIRECTORY, OTHER -> others.add(path);
        case FILE -> {
          long size = member.size();
          if (path.equals(ControlFile.PATH)) {
            control = controlFile();
          } else if (increments.contains(path)) {
            size = pages(member);
          } else {
            pass();
          }
          members.add(new Member(path, size, Sha256.hex(digest)));
          bytes += member.size();
        }
      }
    }

    private void pass() throws IOException {
      for (int count = tar.read(chunk); count >= 0; count = tar.read(chunk)) {
        stopIfInterrupted();
        digest.update(chunk, 0, count);
      }
    }

    private long pages(TarMember member) throws IOException {
      InputStream content = new DigestInputStream(tar.content(), digest);
      IncrementReader increment = IncrementReader.of(content, key + ": " + member.name());
      while (increment.nextPage(chunk) >= 0) {
        stopIfInterrupted();
      }
      return increment.fileSize();
    }

    private ControlFile controlFile() throws IOException {
      byte[] content = tar.content().readNBytes(GREATEST_CONTROL_FILE);
      digest.update(content);
      pass();
      try {
        return ControlFile.parse(content);
      } catch (IllegalArgumentException e) {
        throw Problem.verificationFailed(key + ": " + e.getMessage(), Fault.LOOK).causedBy(e);
      }
    }

    private void stopIfInterrupted() {
      if (Thread.currentThread().isInterrupted()) {
        throw Problem.storageFailed("reading " + key + " was interrupted", "Run the command again.")
            .asException();
      }
    }
  }
}
