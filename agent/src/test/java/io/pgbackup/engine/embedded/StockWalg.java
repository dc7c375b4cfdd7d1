package io.pgbackup.engine.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgbackup.engine.format.Codec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// A stock wal-g over an archive in a directory. It is not part of the build: the environment
/// variable `PGBACKUP_WALG` names the binary, and without it the tests are skipped.
public final class StockWalg {
  private static final String VARIABLE = "PGBACKUP_WALG";

  private final Path archive;
  private final Map<String, String> settings = new LinkedHashMap<>();

  private StockWalg(Path archive) {
    this.archive = archive;
    settings.put("WALG_FILE_PREFIX", archive.toString());
    settings.put("WALG_DOWNLOAD_FILE_RETRIES", "1");
  }

  /// @param archive the archive's prefix as a directory
  public static StockWalg over(Path archive) {
    String binary = System.getenv(VARIABLE);
    assumeTrue(binary != null && Files.isExecutable(Path.of(binary)), VARIABLE + " names no wal-g");
    return new StockWalg(archive);
  }

  static String binary() {
    return System.getenv(VARIABLE);
  }

  public StockWalg with(String setting, String value) {
    settings.put(setting, value);
    return this;
  }

  public StockWalg writing(Codec codec) {
    return with("WALG_COMPRESSION_METHOD", codec.name().toLowerCase(Locale.ROOT));
  }

  /// For `restore_command`, run by the server's user.
  String walFetchCommand() {
    String keys =
        settings.entrySet().stream()
            .filter(entry -> entry.getKey().matches("WALG_(LIBSODIUM|PGP)_.*"))
            .map(entry -> "%s='%s' ".formatted(entry.getKey(), entry.getValue()))
            .collect(Collectors.joining());
    return "%sWALG_FILE_PREFIX='%s' '%s' wal-fetch \"%%f\" \"%%p\""
        .formatted(keys, archive, binary());
  }

  public record Result(int status, String output, String errors) {
    public Result succeeded() {
      assertThat(status).as(errors).isZero();
      return this;
    }
  }

  public Result run(String... arguments) throws IOException, InterruptedException {
    return runAs(List.of(), arguments);
  }

  /// @param prefix a command that runs the rest as another user
  Result runAs(List<String> prefix, String... arguments) throws IOException, InterruptedException {
    var command = new ArrayList<>(prefix);
    command.add(binary());
    command.addAll(List.of(arguments));
    Path output = Files.createTempFile("wal-g-", ".out");
    Path errors = Files.createTempFile("wal-g-", ".err");
    var builder =
        new ProcessBuilder(command).redirectOutput(output.toFile()).redirectError(errors.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("WALG_"));
    builder.environment().putAll(settings);
    Process process = builder.start();
    try {
      assertThat(process.waitFor(2, TimeUnit.MINUTES)).as("wal-g ends").isTrue();
      return new Result(
          process.exitValue(), Files.readString(output, UTF_8), Files.readString(errors, UTF_8));
    } finally {
      process.destroyForcibly();
      Files.delete(output);
      Files.delete(errors);
    }
  }
}
