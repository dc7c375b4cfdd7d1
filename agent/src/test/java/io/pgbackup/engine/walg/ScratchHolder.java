package io.pgbackup.engine.walg;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/// A process that has a scratch directory until it is killed.
final class ScratchHolder {
  private ScratchHolder() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    Scratch scratch = Scratch.in(Path.of(args[0]));
    try (var answer = new FileOutputStream(FileDescriptor.out)) {
      answer.write((scratch.directory() + "\n").getBytes(StandardCharsets.UTF_8));
    }
    new CountDownLatch(1).await();
  }
}
