package io.pgbackup.engine.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.crypto.Sha256;
import io.pgbackup.engine.Throttle;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Manifest;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectUpload;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.MemoryObjectStore;
import io.pgbackup.testing.QuietListener;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FilePackerTest {
  private static final StoreFolder PARTS = StoreFolder.of("c1/parts");
  private static final int SIZE = 1 << 20;

  @TempDir private Path folder;
  private final HookedStore store = new HookedStore();
  private String manifest = "";

  @Test
  void aFileThatShrinksWhileItIsReadIsFilledWithZeroes() throws IOException {
    SourceFile file = file("grown", filled(SIZE));
    store.whenFirstByteGoesOut(() -> truncate(file.source(), 1000));

    pack(file);

    byte[] expected = Arrays.copyOf(filled(1000), SIZE);
    assertThat(member("part_002.tar")).isEqualTo(expected);
    assertThat(manifest).contains(Sha256.hex(expected));
  }

  @Test
  void aFileThatGrowsWhileItIsReadIsCutAtTheSizeItHad() throws IOException {
    SourceFile file = file("grown", filled(1000));
    store.whenFirstByteGoesOut(
        () -> Files.write(file.source(), new byte[SIZE], StandardOpenOption.APPEND));

    pack(file);

    assertThat(member("part_002.tar")).isEqualTo(filled(1000));
  }

  @Test
  void aFileThatVanishedIsLeftOutAndOpensNoPart() throws IOException {
    SourceFile file = file("gone", filled(10));
    Files.delete(file.source());

    pack(file);

    assertThat(keys()).isEmpty();
  }

  @Test
  void aFileThatBecameASymbolicLinkIsNotFollowed() throws IOException {
    SourceFile file = file("swapped", filled(10));
    Files.delete(file.source());
    Files.createSymbolicLink(file.source(), Files.writeString(folder.resolve("secret"), "secret"));

    assertThatThrownBy(() -> pack(file)).isInstanceOf(IOException.class);
    assertThat(keys()).isEmpty();
  }

  @Test
  void aPartIsFinishedWhenItHoldsMoreThanItsThreshold() throws IOException {
    pack(file("a", filled(400)), file("b", filled(700)), file("c", filled(10)));

    assertThat(keys()).containsExactly("c1/parts/part_002.tar", "c1/parts/part_003.tar");
    assertThat(manifest)
        .containsSubsequence("\"a\"", "part_002", "\"b\"", "part_002", "\"c\"", "part_003");
  }

  private void pack(SourceFile... files) throws IOException {
    try (PackedFiles packed =
        new PackedFiles(
            new Manifest(new BackupName("base_000000010000000000000002"), List.of()),
            ObjectCipher.NONE,
            new QuietListener())) {
      try (FilePacker packer =
          new FilePacker(
              new BackupParts(store, PARTS, Packing.plain(Codec.NONE)),
              new SourceReading(Throttle.NONE),
              1000,
              Optional.empty(),
              Optional.empty(),
              packed)) {
        for (SourceFile file : files) {
          packer.pack(file);
        }
        packer.finish();
      }
      manifest = new String(Codec.ZSTD.decompress(packed.manifest(), "manifest", 1 << 20), UTF_8);
    }
  }

  private byte[] member(String part) throws IOException {
    try (var tar = new TarArchiveInputStream(store.open(PARTS.key(part)))) {
      tar.getNextEntry();
      byte[] content = tar.readAllBytes();
      assertThat(tar.getNextEntry()).isNull();
      return content;
    }
  }

  private List<String> keys() {
    return store.list("").map(object -> object.key().value()).toList();
  }

  private SourceFile file(String name, byte[] content) throws IOException {
    Path path = Files.write(folder.resolve(name), content);
    return new SourceFile(
        name, path, FileFacts.of(path, LinkOption.NOFOLLOW_LINKS), Optional.empty());
  }

  private static byte[] filled(int size) {
    byte[] content = new byte[size];
    Arrays.fill(content, (byte) 'x');
    return content;
  }

  private static void truncate(Path path, long size) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      channel.truncate(size);
    }
  }

  private interface Change {
    void make() throws IOException;
  }

  /// Does something to the source between a member's header and its content.
  private static final class HookedStore extends MemoryObjectStore {
    private Change change = () -> {};

    void whenFirstByteGoesOut(Change first) {
      change = first;
    }

    @Override
    public ObjectUpload upload(ObjectKey key, Map<String, String> metadata) {
      ObjectUpload upload = super.upload(key, metadata);
      OutputStream hooked =
          new FilterOutputStream(upload.stream()) {
            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
              Change now = change;
              change = () -> {};
              now.make();
              out.write(bytes, offset, length);
            }
          };
      return new ObjectUpload() {
        @Override
        public OutputStream stream() {
          return hooked;
        }

        @Override
        public CreateOutcome complete() {
          return upload.complete();
        }

        @Override
        public void close() {
          upload.close();
        }
      };
    }
  }
}
