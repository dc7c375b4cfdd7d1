package io.pgbackup.engine.embedded;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;

/// PostgreSQL's page checksum: 32 interleaved FNV-1a sums over the page's words, folded by
/// exclusive or, mixed with the block number (the algorithm is described at the head of
/// src/include/storage/checksum_impl.h). The server's byte order is taken to be little endian.
///
/// Not thread-safe: it keeps the page's words between calls.
final class PageChecksum {
  private static final int SUMS = 32;
  private static final int LANES = 8;
  private static final int FNV_PRIME = 16777619;
  private static final int CHECKSUM_WORD = 2;

  /// The start values that PostgreSQL fixes.
  private static final int[] BASIS = {
    0x5B1F36E9, 0xB8525960, 0x02AB50AA, 0x1DE66D2A, 0x79FF467A, 0x9BB9F8A3, 0x217E7CD2, 0x83E13D2C,
    0xF8D4474F, 0xE39EB970, 0x42C6AE16, 0x993216FA, 0x7B093B5D, 0x98DAFF3C, 0xF718902A, 0x0B1C9CDB,
    0xE58F764B, 0x187636BC, 0x5D7B3BB1, 0xE73DE7DE, 0x92BEC979, 0xCCA6C0B2, 0x304A0979, 0x85AA43D4,
    0x783125BB, 0x6CA8EAA2, 0xE407EAC6, 0x4B5CFC3E, 0x9FBF8C76, 0x15CA20BE, 0xF2CA9FD3, 0x959BD756
  };

  private final int[] words;

  /// Of the buffer whose pages were asked for last: one object for each page of a large database
  /// would be a lot of them.
  private byte[] buffer = {};

  private IntBuffer view = IntBuffer.allocate(0);

  /// @param blockSize a power of two from 1024 to 32768
  PageChecksum(int blockSize) {
    words = new int[blockSize / Integer.BYTES];
  }

  /// @param offset of the page in the buffer, a multiple of four
  /// @param blockNumber counted from the start of the relation, over all its files
  /// @return 1 to 65535, what `pd_checksum` must hold
  int of(byte[] pages, int offset, long blockNumber) {
    if (pages != buffer) {
      buffer = pages;
      view = ByteBuffer.wrap(pages).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
    }
    view.get(offset / Integer.BYTES, words);
    // pd_checksum is the lower half of its word and counts as zero
    words[CHECKSUM_WORD] &= 0xFFFF_0000;
    int folded = 0;
    for (int lane = 0; lane < SUMS; lane += LANES) {
      folded ^= eightSums(lane);
    }
    return Integer.remainderUnsigned(folded ^ (int) blockNumber, 65535) + 1;
  }

  /// Eight sums at a time stay in registers under any compiler.
  private int eightSums(int lane) {
    int a = BASIS[lane];
    int b = BASIS[lane + 1];
    int c = BASIS[lane + 2];
    int d = BASIS[lane + 3];
    int e = BASIS[lane + 4];
    int f = BASIS[lane + 5];
    int g = BASIS[lane + 6];
    int h = BASIS[lane + 7];
    for (int i = lane; i < words.length; i += SUMS) {
      a = mix(a, words[i]);
      b = mix(b, words[i + 1]);
      c = mix(c, words[i + 2]);
      d = mix(d, words[i + 3]);
      e = mix(e, words[i + 4]);
      f = mix(f, words[i + 5]);
      g = mix(g, words[i + 6]);
      h = mix(h, words[i + 7]);
    }
    return finish(a) ^ finish(b) ^ finish(c) ^ finish(d) ^ finish(e) ^ finish(f) ^ finish(g)
        ^ finish(h);
  }

  private static int mix(int sum, int word) {
    int mixed = sum ^ word;
    return mixed * FNV_PRIME ^ mixed >>> 17;
  }

  /// Two more rounds of zeroes, so that the last words spread as far as the first.
  private static int finish(int sum) {
    return mix(mix(sum, 0), 0);
  }
}
