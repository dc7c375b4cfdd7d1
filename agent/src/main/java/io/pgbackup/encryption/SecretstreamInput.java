package io.pgbackup.encryption;

import io.pgbackup.crypto.BulkInputStream;
import io.pgbackup.encryption.Secretstream.Chunk;
import io.pgbackup.problem.PgBackupException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Decrypts a stream chunk by chunk: nothing is handed out that was not authenticated. Unlike WAL-G
/// it insists on the final chunk and on nothing after it, so that a truncated object is noticed.
final class SecretstreamInput extends BulkInputStream {
  private final InputStream source;
  private final byte[] key;
  private final String name;
  private final byte[] stored = new byte[Secretstream.CHUNK + Secretstream.OVERHEAD];
  private final byte[] plaintext = new byte[Secretstream.CHUNK];
  private @Nullable Secretstream stream;
  private int position;
  private int length;
  private boolean finished;

  SecretstreamInput(InputStream source, byte[] key, String name) {
    this.source = source;
    this.key = key;
    this.name = name;
  }

  @Override
  public int read(byte[] bytes, int offset, int count) throws IOException {
    Objects.checkFromIndexSize(offset, count, bytes.length);
    if (count == 0) {
      return 0;
    }
    while (position == length) {
      if (finished) {
        return -1;
      }
      pull();
    }
    int part = Math.min(count, length - position);
    System.arraycopy(plaintext, position, bytes, offset, part);
    position += part;
    return part;
  }

  private void pull() throws IOException {
    if (stream == null) {
      stream = begin();
    }
    int read = source.readNBytes(stored, 0, stored.length);
    if (read == 0) {
      throw damaged("it ends before its last chunk");
    }
    Chunk chunk =
        stream
            .pull(stored, read, plaintext)
            .orElseThrow(
                () ->
                    damaged(
                        read < stored.length
                            ? "it ends within a chunk, or its last chunk was changed"
                            : "a chunk was changed"));
    if (chunk.finished() && source.read() >= 0) {
      throw damaged("something follows its last chunk");
    }
    position = 0;
    length = chunk.length();
    finished = chunk.finished();
  }

  private Secretstream begin() throws IOException {
    byte[] header = source.readNBytes(Secretstream.HEADER);
    if (header.length < Secretstream.HEADER) {
      throw damaged("it ends within its header");
    }
    Secretstream begun = new Secretstream();
    begun.begin(key, header);
    return begun;
  }

  private PgBackupException damaged(String reason) {
    return Damage.of(name, reason);
  }

  @Override
  public void close() throws IOException {
    source.close();
  }
}
