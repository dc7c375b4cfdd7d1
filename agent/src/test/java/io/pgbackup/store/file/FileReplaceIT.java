package io.pgbackup.store.file;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Several processes replace one object, each after what it read.
class FileReplaceIT {
  private static final ObjectKey COUNTER = new ObjectKey("c1/pgbackup/leases/counter");
  private static final int TIMES = 200;

  @TempDir Path directory;

  @Test
  void noReplacementIsLostBetweenProcesses() throws Exception {
    // given
    ObjectStore store = FileObjectStore.open(directory);
    store.create(COUNTER, "0".getBytes(UTF_8), Map.of());

    // when
    List<Process> processes = Stream.of(start(), start(), start()).toList();

    // then
    for (Process process : processes) {
      String output = new String(process.getInputStream().readAllBytes(), UTF_8);
      assertThat(process.waitFor()).as(output).isZero();
    }
    assertThat(count(store)).isEqualTo(3 * TIMES);
  }

  private Process start() throws Exception {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Counter.class.getName(),
            directory.toString())
        .redirectErrorStream(true)
        .start();
  }

  private static int count(ObjectStore store) throws Exception {
    try (InputStream stream = store.open(COUNTER)) {
      return Integer.parseInt(new String(stream.readAllBytes(), UTF_8));
    }
  }

  /// Adds one, so many times.
  static final class Counter {
    private Counter() {}

    public static void main(String[] arguments) throws Exception {
      ObjectStore store = FileObjectStore.open(Path.of(arguments[0]));
      for (int added = 0; added < TIMES; ) {
        StoredObject object = store.head(COUNTER).orElseThrow();
        byte[] next = String.valueOf(count(store) + 1).getBytes(UTF_8);
        if (store.replace(COUNTER, next, Optional.of(object.version())).isPresent()) {
          added++;
        }
      }
    }
  }
}
