package io.pgbackup.engine.format;

import com.aayushatharva.brotli4j.Brotli4jLoader;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.brotli.dec.BrotliInputStream;

/// Raw brotli streams (RFC 7932), which have neither a magic number nor a checksum.
///
/// Written by a native library, which is loaded at the first use; read by the decoder in Java of
/// brotli's authors, since the native one takes some whole streams for truncated ones.
final class BrotliStreams {
  private static final int BUFFER = 64 << 10;

  private BrotliStreams() {}

  static OutputStream writer(OutputStream sink) throws IOException {
    requireNative();
    return new BrotliWriter(sink);
  }

  static InputStream reader(InputStream source) throws IOException {
    return new WholeStream(new BrotliInputStream(source, BUFFER), source);
  }

  private static void requireNative() {
    try {
      Brotli4jLoader.ensureAvailability();
    } catch (UnsatisfiedLinkError e) {
      throw Problem.misconfigured(
              "brotli's native library cannot be loaded here: " + e.getMessage(),
              "Use lz4 or zstd, or a platform with glibc or macOS whose temporary directory allows"
                  + " programs.")
          .causedBy(e);
    }
  }
}
