package io.pgbackup.store.file;

import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.ObjectUpload;
import java.io.IOException;
import java.io.OutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Bytes go to a temporary file, which gets its name at the end.
final class FileUpload implements ObjectUpload {
  private static final Logger LOGGER = LoggerFactory.getLogger(FileUpload.class);

  private final String doing;
  private final TemporaryFile file;
  private final Completion completion;
  private final OutputStream stream;

  interface Completion {
    CreateOutcome complete(TemporaryFile file) throws IOException;
  }

  FileUpload(String doing, TemporaryFile file, Completion completion) {
    this.doing = doing;
    this.file = file;
    this.completion = completion;
    this.stream = new TranslatingStream(file.stream());
  }

  @Override
  public OutputStream stream() {
    return stream;
  }

  @Override
  public CreateOutcome complete() {
    try {
      return completion.complete(file);
    } catch (IOException e) {
      throw FileFailures.of(doing, e);
    }
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      LOGGER.atWarn().addKeyValue("file", file.path()).setCause(e).log("temporary file left");
    }
  }

  private final class TranslatingStream extends OutputStream {
    private final OutputStream target;

    TranslatingStream(OutputStream target) {
      this.target = target;
    }

    @Override
    public void write(int octet) {
      write(new byte[] {(byte) octet}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      try {
        target.write(bytes, offset, length);
      } catch (IOException e) {
        throw FileFailures.of(doing, e);
      }
    }
  }
}
