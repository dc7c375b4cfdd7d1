package io.pgbackup.config.walg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Map;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EnvTextTest {
  @Test
  void readsWhatEnvironmentFilesHold() {
    String text =
        """
        # wal-g of the orders server
        WALG_S3_PREFIX=s3://backups/orders   # the archive
        export AWS_REGION=eu-central-1
        export AWS_ENDPOINT="https://minio.example:9000" WALG_COMPRESSION_METHOD='zstd'

        AWS_SECRET_ACCESS_KEY='a$b`c#d"e'
        declare -x PGDATA="/srv/my \\"data\\""
        declare -x OLDPWD
        export -p-is-not-this=1
        """
            .replace("export -p-is-not-this=1\n", "");

    assertThat(EnvText.parse(text))
        .containsExactly(
            Map.entry("WALG_S3_PREFIX", "s3://backups/orders"),
            Map.entry("AWS_REGION", "eu-central-1"),
            Map.entry("AWS_ENDPOINT", "https://minio.example:9000"),
            Map.entry("WALG_COMPRESSION_METHOD", "zstd"),
            Map.entry("AWS_SECRET_ACCESS_KEY", "a$b`c#d\"e"),
            Map.entry("PGDATA", "/srv/my \"data\""));
  }

  @Test
  void aLineOfSystemdOrDockerKeepsItsBlanks() {
    assertThat(EnvText.parse("A=one two\nB=a#b\r\nC=\nD= x \n"))
        .containsExactly(
            Map.entry("A", "one two"),
            Map.entry("B", "a#b"),
            Map.entry("C", ""),
            Map.entry("D", "x"));
  }

  @Test
  void aKeyMayStandOnSeveralLines() {
    String key = "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ=\n=ab\n-----END";

    assertThat(EnvText.parse("A=1\nWALG_PGP_KEY=\"" + key + "\"\nB=2"))
        .containsExactly(Map.entry("A", "1"), Map.entry("WALG_PGP_KEY", key), Map.entry("B", "2"));
    assertThat(EnvText.parse("declare -x K=$'a\\nb\\'c'")).containsEntry("K", "a\nb'c");
  }

  @Test
  void theLastAssignmentCounts() {
    assertThat(EnvText.parse("A=1\nA=2")).containsExactly(Map.entry("A", "2"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "A=1\nSECRET=$OTHER",
        "A=1\nSECRET=\"x$(cat file)\"",
        "A=1\nSECRET=`cat file`",
        "A=1\nSECRET='open",
        "A=1\nSECRET=\"open",
        "A=1\nsome words",
        "A=1\nset -e"
      })
  void whatOnlyAShellKnowsIsRefusedByItsLine(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EnvText.parse(text))
        .withMessageStartingWith("line 2: ");
  }

  @Property
  void everyValueComesBackFromItsQuotes(@ForAll("settings") Map<String, String> settings) {
    String single =
        settings.entrySet().stream()
            .map(entry -> entry.getKey() + "='" + entry.getValue().replace("'", "'\\''") + "'")
            .collect(Collectors.joining("\n"));
    String doubled =
        settings.entrySet().stream()
            .map(
                entry ->
                    "export "
                        + entry.getKey()
                        + "=\""
                        + entry.getValue().replaceAll("([\"\\\\$`])", "\\\\$1")
                        + "\"")
            .collect(Collectors.joining("\n"));

    assertThat(EnvText.parse(single)).isEqualTo(settings);
    assertThat(EnvText.parse(doubled)).isEqualTo(settings);
  }

  @Provide
  Arbitrary<Map<String, String>> settings() {
    return Arbitraries.maps(
            Arbitraries.strings()
                .withChars("ABC_")
                .withCharRange('a', 'c')
                .ofMinLength(1)
                .ofMaxLength(6),
            Arbitraries.strings().withChars("ab'\"\\$`#= \t\n;(){}é/").ofMaxLength(12))
        .ofMaxSize(6);
  }

  @Property(tries = 2000)
  void anyTextIsReadOrRefused(@ForAll("texts") String text) {
    try {
      assertThat(EnvText.parse(text).keySet()).allMatch(name -> name.matches("[A-Za-z_]\\w*"));
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageStartingWith("line ");
    }
  }

  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.strings().withChars("AB=\"'\\$`# \n\t;export declare-x{(").ofMaxLength(60);
  }
}
