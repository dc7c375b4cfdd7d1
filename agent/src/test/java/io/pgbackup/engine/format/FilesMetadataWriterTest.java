package io.pgbackup.engine.format;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.pgbackup.engine.format.FileDescription.Content;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class FilesMetadataWriterTest {
  private static final Instant MODIFIED = Instant.parse("2026-11-21T02:13:40.297633261Z");

  @Test
  void theDocumentIsWhatWalgWrites() throws IOException {
    try (FilesMetadataWriter writer = new FilesMetadataWriter()) {
      writer.add("/base/5/1259", new FileDescription(Content.INCREMENT, MODIFIED, List.of()));
      writer.addTar("part_002.tar.zst", List.of("/base/5/1259", "/PG_VERSION"));
      writer.add("/PG_VERSION", FileDescription.whole(MODIFIED.plusNanos(739)));
      writer.add("/base/5/2", new FileDescription(Content.OF_THE_PARENT, MODIFIED, List.of()));
      writer.addTar("backup_label.tar.zst", List.of("backup_label", "tablespace_map"));

      assertThat(written(writer))
          .isEqualTo(
              """
              {"Files":{\
              "/base/5/1259":{"IsIncremented":true,"IsSkipped":false,\
              "MTime":"2026-11-21T02:13:40.297633261Z","UpdatesCount":0},\
              "/PG_VERSION":{"IsIncremented":false,"IsSkipped":false,\
              "MTime":"2026-11-21T02:13:40.297634Z","UpdatesCount":0},\
              "/base/5/2":{"IsIncremented":false,"IsSkipped":true,\
              "MTime":"2026-11-21T02:13:40.297633261Z","UpdatesCount":0}},\
              "TarFileSets":{"part_002.tar.zst":["/base/5/1259","/PG_VERSION"],\
              "backup_label.tar.zst":["backup_label","tablespace_map"]}}""");
    }
  }

  @Test
  void corruptPagesAreCountedAndTheFirstTenListed() throws IOException {
    try (FilesMetadataWriter writer = new FilesMetadataWriter()) {
      writer.add(
          "/base/5/1259",
          new FileDescription(
              Content.WHOLE, MODIFIED, List.of(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L, 11L)));

      assertThat(
              new ObjectMapper()
                  .readTree(written(writer))
                  .at("/Files/~1base~15~11259/CorruptBlocks")
                  .toString())
          .isEqualTo("{\"CorruptBlocksCount\":11,\"SomeCorruptBlocks\":[1,2,3,4,5,6,7,8,9,10]}");
    }
  }

  @Test
  void namesOfAnyFormComeBackAsTheyWere() throws IOException {
    List<String> names = List.of("/", "/a \"b\"\\c", "/ä/\u20ac\ud83d\ude00", "/tab\tand\nline");
    try (FilesMetadataWriter writer = new FilesMetadataWriter()) {
      for (String name : names) {
        writer.add(name, FileDescription.whole(MODIFIED));
      }

      FilesMetadata read =
          FilesMetadata.read(new ByteArrayInputStream(written(writer).getBytes(UTF_8)), "test");

      assertThat(read.names()).containsExactlyInAnyOrderElementsOf(names);
    }
  }

  @Test
  void halfAMillionFilesTakeLittleMemoryUntilTheyAreWritten() throws IOException {
    try (FilesMetadataWriter writer = new FilesMetadataWriter()) {
      for (int i = 0; i < 500_000; i++) {
        writer.add(
            "/base/%d/%d".formatted(16384 + i / 1000, 20000 + i),
            FileDescription.whole(MODIFIED.plusNanos(i * 7_919_000L)));
      }
      Count count = new Count();

      writer.writeTo(count);

      assertThat(count.bytes).isGreaterThan(40L << 20);
      assertThat(writer.held()).isLessThan(20 << 20);
    }
  }

  private static String written(FilesMetadataWriter writer) throws IOException {
    ByteArrayOutputStream sink = new ByteArrayOutputStream();
    writer.writeTo(sink);
    return sink.toString(UTF_8);
  }

  private static final class Count extends OutputStream {
    private long bytes;

    @Override
    public void write(int b) {
      bytes++;
    }

    @Override
    public void write(byte[] b, int offset, int length) {
      bytes += length;
    }
  }
}
