package io.pgbackup.engine.format;

import io.pgbackup.crypto.BulkInputStream;
import io.pgbackup.crypto.WatchedSource;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Tells a damaged object from a source that failed: the decoder's own failures become
/// `VerificationFailed`, the source's pass through.
final class DecodedStream extends BulkInputStream {
  /// Makes the decoder; called at the first read, so that its failures are classified as well.
  interface Decoder {
    InputStream open(InputStream source) throws IOException;
  }

  private final WatchedSource source;
  private final String name;
  private final String codec;
  private final Decoder decoder;
  private @Nullable InputStream decoded;

  private DecodedStream(WatchedSource source, String name, String codec, Decoder decoder) {
    this.source = source;
    this.name = name;
    this.codec = codec;
    this.decoder = decoder;
  }

  static InputStream of(InputStream source, String name, String codec, Decoder decoder) {
    return new DecodedStream(new WatchedSource(source), name, codec, decoder);
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    if (length == 0) {
      return 0;
    }
    try {
      if (decoded == null) {
        decoded = decoder.open(source);
      }
      return decoded.read(bytes, offset, length);
    } catch (PgBackupException e) {
      throw e;
    } catch (NotThisCodecException e) {
      throw Problem.verificationFailed(
              name + " is not " + codec + ": it is encrypted, or damaged",
              "Name the key in the configuration's section encryption; if it was never encrypted,"
                  + " compare the object with its neighbours.")
          .causedBy(e);
    } catch (IOException | RuntimeException e) {
      source.rethrowFailure();
      throw Problem.verificationFailed(
              name + " is damaged or incomplete: " + e.getMessage(),
              "Compare the object's size and time with its neighbours, or choose another backup.")
          .causedBy(e);
    }
  }

  @Override
  public void close() throws IOException {
    try (source) {
      if (decoded != null) {
        decoded.close();
      }
    }
  }
}
