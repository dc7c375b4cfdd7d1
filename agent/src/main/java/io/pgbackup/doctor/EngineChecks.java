package io.pgbackup.doctor;

import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.crypto.NativeCrypto;
import io.pgbackup.engine.MemoryLimit;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.walg.Walg;
import io.pgbackup.problem.Problem;
import io.pgbackup.wording.Sizes;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;

/// What packs and unpacks: Java, native libraries, wal-g.
final class EngineChecks {
  private static final int JAVA = 25;

  /// What the agent's launcher gives its JVM: heap, direct buffers, and what lies beside them.
  private static final long AGENT = (256L + 128 + 128) << 20;

  private final PgBackupConfig config;

  EngineChecks(PgBackupConfig config) {
    this.config = config;
  }

  CheckGroup group() {
    return CheckGroup.of(
        Group.ENGINE,
        List.of(
            Check.of("java", () -> java(Runtime.version())),
            Check.of("memory", () -> memory(MemoryLimit.ofControlGroup())),
            Check.of("codecs", EngineChecks::codecs),
            Check.of("native-tls", EngineChecks::nativeTls),
            Check.of("wal-g", this::walg)));
  }

  static Outcome java(Runtime.Version version) {
    return version.feature() < JAVA
        ? Outcome.fail(
            Problem.misconfigured(
                "Java %s is older than %d".formatted(version, JAVA), "Install a Java 25."))
        : Outcome.pass("Java " + version);
  }

  /// @param limit of this control group, in bytes; empty for none
  static Outcome memory(Optional<Long> limit) {
    if (limit.isEmpty()) {
      return Outcome.pass("no memory limit");
    }
    String found = "memory is limited to " + Sizes.human(limit.get());
    return limit.get() < AGENT
        ? Outcome.warn(
            found + ", and the agent may take " + Sizes.human(AGENT),
            "Raise the limit, or give the agent less with PGBACKUP_JAVA_OPTIONS, for instance"
                + " -Xmx128m: docs/configuration.md.")
        : Outcome.pass(found);
  }

  private static Outcome codecs() {
    byte[] content = new byte[64 << 10];
    new Random(1).nextBytes(content);
    Arrays.fill(content, 0, content.length / 2, (byte) 'x');
    List<Codec> codecs = List.of(Codec.LZ4, Codec.ZSTD, Codec.BROTLI, Codec.LZMA);
    for (Codec codec : codecs) {
      try {
        byte[] back = codec.decompress(codec.compress(content), "a test", content.length);
        if (!Arrays.equals(back, content)) {
          return Outcome.fail(broken(codec, "does not give back what it packed"));
        }
      } catch (LinkageError e) {
        return Outcome.fail(broken(codec, "cannot be loaded: " + e.getMessage()));
      }
    }
    return Outcome.pass("lz4, zstd, brotli and lzma give back what they pack");
  }

  private static Problem broken(Codec codec, String how) {
    return Problem.misconfigured(
        codec.name().toLowerCase(Locale.ROOT) + " " + how,
        "Its native library needs a writable java.io.tmpdir that may hold programs (no noexec), and"
            + " glibc on x86_64 or aarch64.");
  }

  private static Outcome nativeTls() {
    return NativeCrypto.provider().isPresent()
        ? Outcome.pass("TLS and SHA-256 by Conscrypt")
        : Outcome.warn(
            "Conscrypt cannot be loaded: TLS and SHA-256 by Java, several times slower",
            "Its native library needs glibc on x86_64 or aarch64, or macOS.");
  }

  private Outcome walg() {
    Optional<Path> binary =
        Stream.of(
                config.engine().walgForBackups(),
                config.engine().walgForWal(),
                config.engine().walgBinary())
            .flatMap(Optional::stream)
            .findFirst();
    if (binary.isEmpty()) {
      return Outcome.skip("engine.walgBinary names none; the embedded engine does everything");
    }
    try (Walg walg = Walg.open(config, binary.get())) {
      return Outcome.pass("wal-g " + walg.version() + " runs, " + binary.get());
    }
  }
}
