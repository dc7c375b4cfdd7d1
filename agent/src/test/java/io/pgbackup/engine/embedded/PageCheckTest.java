package io.pgbackup.engine.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.postgres.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageCheckTest {
  private static final int BLOCK = 8192;
  private static final int BLOCKS_PER_FILE = 131072;
  private static final Lsn START = Lsn.parse("0/2000028");
  private static final Lsn BEFORE = Lsn.parse("0/1FFFFF8");

  @TempDir private Path folder;
  private Path file;
  private final PageCheck check = new PageCheck(BLOCK, BLOCKS_PER_FILE, START);

  @BeforeEach
  void file() {
    file = folder.resolve("16384");
  }

  @Test
  void findsTheOneFlippedByte() throws IOException {
    byte[] content = pages(0, BEFORE, BEFORE, BEFORE);
    content[BLOCK + 5000] ^= 1;

    assertThat(corruptPages(content, content, 0)).containsExactly(1L);
  }

  @Test
  void countsBlocksOverAllFilesOfARelationButNamesThemByFile() throws IOException {
    byte[] third = pages(2L * BLOCKS_PER_FILE, BEFORE, BEFORE);

    assertThat(corruptPages(third, third, 2)).isEmpty();
    assertThat(corruptPages(third, third, 1)).containsExactly(0L, 1L);
  }

  @Test
  void aPageThatChangedSinceTheBackupBeganComesFromWal() throws IOException {
    byte[] content = pages(0, START, START.plus(8));
    content[100] ^= 1;
    content[BLOCK + 100] ^= 1;

    assertThat(corruptPages(content, content, 0)).isEmpty();
  }

  @Test
  void readsAllEightBytesOfAPagesPosition() throws IOException {
    Lsn start = Lsn.parse("9A/8BF2028");
    byte[] content = pages(0, Lsn.parse("99/FFFFFFF8"), Lsn.parse("9A/8BF2020"), start);
    for (int page = 0; page < 3; page++) {
      content[page * BLOCK + 100] ^= 1;
    }
    Files.write(file, content);

    try (FileChannel channel = FileChannel.open(file)) {
      assertThat(
              new PageCheck(BLOCK, BLOCKS_PER_FILE, start)
                  .corruptPages(
                      new RelationFile("16384", "", 0), channel, content, content.length, 0))
          .containsExactly(0L, 1L);
    }
  }

  @Test
  void aNewPageHasNoChecksumYet() throws IOException {
    assertThat(corruptPages(new byte[BLOCK], new byte[BLOCK], 0)).isEmpty();
  }

  @Test
  void aPageThatWasTornByReadingItWhileItWasWrittenIsReadAgain() throws IOException {
    byte[] onDisk = pages(0, BEFORE, BEFORE);
    byte[] torn = onDisk.clone();
    torn[BLOCK + 6000] ^= 1;

    assertThat(corruptPages(torn, onDisk, 0)).isEmpty();
  }

  @Test
  void aPageThatIsGoneAtTheSecondReadingIsNotCorrupt() throws IOException {
    byte[] content = pages(0, BEFORE, BEFORE);
    content[BLOCK + 6000] ^= 1;

    assertThat(corruptPages(content, new byte[BLOCK], 0)).isEmpty();
  }

  @Test
  void thePieceOfAPageAtTheEndOfAGrowingFileIsNoPageYet() throws IOException {
    byte[] content = new byte[BLOCK / 2];
    new Random(1).nextBytes(content);

    assertThat(corruptPages(content, content, 0)).isEmpty();
  }

  private List<Long> corruptPages(byte[] read, byte[] onDisk, int segment) throws IOException {
    Files.write(file, onDisk);
    try (FileChannel channel = FileChannel.open(file)) {
      return check.corruptPages(
          new RelationFile("16384", "", segment), channel, read, read.length, 0);
    }
  }

  /// Pages of noise with a valid header and checksum.
  private static byte[] pages(long firstBlock, Lsn... lsns) {
    byte[] content = new byte[lsns.length * BLOCK];
    new Random(7).nextBytes(content);
    PageChecksum checksum = new PageChecksum(BLOCK);
    ByteBuffer buffer = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < lsns.length; i++) {
      int at = i * BLOCK;
      buffer.putInt(at, (int) (lsns[i].value() >>> 32));
      buffer.putInt(at + 4, (int) lsns[i].value());
      buffer.putShort(at + 14, (short) 4096);
      buffer.putShort(at + 8, (short) checksum.of(content, at, firstBlock + i));
    }
    return content;
  }
}
