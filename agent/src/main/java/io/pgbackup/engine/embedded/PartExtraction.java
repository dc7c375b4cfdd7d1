package io.pgbackup.engine.embedded;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.crypto.Sha256;
import io.pgbackup.engine.embedded.RestoredTree.PatchedFile;
import io.pgbackup.engine.embedded.RestoredTree.RestoredFile;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.IncrementReader;
import io.pgbackup.engine.format.MemberPath;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.engine.format.TarMember;
import io.pgbackup.engine.format.TarReader;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.function.LongConsumer;

/// Unpacks tars of one backup of a chain into the directory. Thread-safe; each tar belongs to one
/// thread.
final class PartExtraction {
  private static final int CHUNK = 256 << 10;

  private final ObjectStore store;
  private final ObjectCipher cipher;
  private final Optional<String> writtenWith;
  private final LinkFiles files;
  private final RestoredTree tree;
  private final ArrivedFiles arrived;
  private final LongConsumer progress;

  /// @param writtenWith the fingerprint of the backup's key, where its sentinel says so
  PartExtraction(
      ObjectStore store,
      ObjectCipher cipher,
      Optional<String> writtenWith,
      LinkFiles files,
      RestoredTree tree,
      ArrivedFiles arrived,
      LongConsumer progress) {
    this.store = store;
    this.cipher = cipher;
    this.writtenWith = writtenWith;
    this.files = files;
    this.tree = tree;
    this.arrived = arrived;
    this.progress = progress;
  }

  /// @throws PgBackupException also when the thread is interrupted
  void extract(ObjectKey key) {
    var attempt = new Attempt(key);
    try (var tar = new TarReader(TarAhead.of(unpacking(key), "backup-unpack"), key.value())) {
      for (var member = tar.next(); member.isPresent(); member = tar.next()) {
        attempt.member(tar, member.get());
      }
      if (!tar.isMarked() && Codec.ofTar(key) == Codec.NONE) {
        arrived.perhapsCut(key);
      }
    } catch (IOException e) {
      attempt.takeBack();
      throw Problem.readingBrokeOff(key, e);
    } catch (PgBackupException e) {
      attempt.takeBack();
      throw e.problem() instanceof Problem.NotFound ? SourceFailure.vanished(key).causedBy(e) : e;
    }
  }

  private InputStream unpacking(ObjectKey key) {
    var packing = new Packing(Codec.ofTar(key), cipher);
    return writtenWith.isPresent()
        ? packing.unpacking(store.open(key), key.value(), () -> writtenWith)
        : packing.open(store, key);
  }

  /// One run through one tar.
  private final class Attempt {
    private final ObjectKey key;
    private final byte[] chunk = new byte[CHUNK];
    private final MessageDigest digest = Sha256.digest();
    private long content;

    private Attempt(ObjectKey key) {
      this.key = key;
    }

    private void member(TarReader tar, TarMember member) throws IOException {
      String path = MemberPath.of(member.name(), key.value());
      switch (member.kind()) {
        case DIRECTORY -> {
          if (files.takesDirectories()) {
            tree.directory(path, member.mode());
            arrived.directory(path);
          }
        }
        case OTHER -> arrived.leftOut(path);
        case FILE -> {
          if (path.isEmpty()) {
            throw Problem.verificationFailed(
                    key + " holds a file without a name", "Choose another backup.")
                .asException();
          }
          switch (files.use(member.name())) {
            case WHOLE -> file(tar, path, member);
            case PAGES -> pages(tar, path, member);
            case PASS_OVER -> dealtWith(member.size());
          }
        }
      }
    }

    private void file(TarReader tar, String path, TarMember member) throws IOException {
      boolean isFinal = files.isFinal(member.name());
      try (RestoredFile file = tree.file(path, member.mode())) {
        for (int count = tar.read(chunk); count >= 0; count = tar.read(chunk)) {
          stopIfInterrupted();
          file.write(chunk, count);
          if (arrived.compares()) {
            digest.update(chunk, 0, count);
          }
          dealtWith(count);
        }
        file.complete(isFinal);
      }
      arrived.file(path, member.size(), arrived.compares() ? Sha256.hex(digest) : "", isFinal);
    }

    private void pages(TarReader tar, String path, TarMember member) throws IOException {
      InputStream content =
          arrived.compares() ? new DigestInputStream(tar.content(), digest) : tar.content();
      IncrementReader increment = IncrementReader.of(content, key + ": " + member.name());
      try (PatchedFile file = tree.existing(path)) {
        file.resize(increment.fileSize());
        for (long at = increment.nextPage(chunk); at >= 0; at = increment.nextPage(chunk)) {
          stopIfInterrupted();
          file.write(chunk, IncrementReader.PAGE, at);
        }
        file.complete(files.isFinal(member.name()));
      }
      dealtWith(member.size());
      arrived.patched(path, increment.fileSize(), arrived.compares() ? Sha256.hex(digest) : "");
    }

    private void stopIfInterrupted() {
      if (Thread.currentThread().isInterrupted()) {
        throw Interruption.of("fetching " + key);
      }
    }

    private void dealtWith(long bytes) {
      content += bytes;
      progress.accept(bytes);
    }

    private void takeBack() {
      progress.accept(-content);
    }
  }
}
