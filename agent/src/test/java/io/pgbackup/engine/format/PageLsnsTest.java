package io.pgbackup.engine.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageLsnsTest {
  @TempDir private Path folder;

  @Test
  void onlyThePositionsOfPagesCount() throws IOException {
    byte[] pages = pages(7, 8, 9);
    String digest = digest(pages);
    pages[4000]++;
    pages[PageLsns.PAGE + 8]++;

    assertThat(digest(pages)).isEqualTo(digest);
  }

  @Test
  void anotherVersionOfAPageOrAnotherOrderIsAnotherDigest() throws IOException {
    String digest = digest(pages(7, 8, 9));

    assertThat(digest(pages(7, 8, 10))).isNotEqualTo(digest);
    assertThat(digest(pages(8, 7, 9))).isNotEqualTo(digest);
    assertThat(digest(pages(7, 8))).isNotEqualTo(digest);
    assertThat(digest(pages(7, 8, 9, 0))).isNotEqualTo(digest);
  }

  @Test
  void aFileIsReadToItsEnd() throws IOException {
    long[] lsns = new long[100];
    PageLsns expected = new PageLsns();
    for (int i = 0; i < lsns.length; i++) {
      lsns[i] = i * 1000L;
      expected.add(pages(lsns[i]), 0);
    }

    assertThat(digest(pages(lsns))).isEqualTo(expected.hex());
  }

  private String digest(byte[] content) throws IOException {
    return PageLsns.of(Files.write(folder.resolve("file"), content));
  }

  private static byte[] pages(long... lsns) {
    ByteBuffer pages = ByteBuffer.allocate(lsns.length * PageLsns.PAGE);
    for (int i = 0; i < lsns.length; i++) {
      pages.putLong(i * PageLsns.PAGE, lsns[i]);
    }
    return pages.array();
  }
}
