package io.pgbackup.log;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;

class JsonLoggerTest {
  private final List<String> lines = new ArrayList<>();
  private final JsonLogger logger =
      new JsonLogger("io.pgbackup.Some", Optional.of(Level.INFO), lines::add);

  private JsonNode only() throws JsonProcessingException {
    assertThat(lines).hasSize(1);
    assertThat(lines.getFirst()).endsWith("}\n").containsOnlyOnce("\n");
    return new JsonMapper().readTree(lines.getFirst());
  }

  @Test
  void eachEventIsOneObjectOnOneLine() throws Exception {
    logger
        .atInfo()
        .addKeyValue("backup", "base_1")
        .addKeyValue("files", 3)
        .addKeyValue("bytes", 5_000_000_000L)
        .addKeyValue("delta", true)
        .addKeyValue("took", Duration.ofSeconds(61))
        .addKeyValue("nothing", (Object) null)
        .log("base backup \"completed\"\nin {}", "two lines");

    JsonNode event = only();
    assertThat(event.fieldNames())
        .toIterable()
        .containsExactly("time", "level", "logger", "thread", "message", "fields");
    assertThat(event.get("time").asText()).endsWith("Z").hasSize(24);
    assertThat(Instant.parse(event.get("time").asText())).isBeforeOrEqualTo(Instant.now());
    assertThat(event.get("level").asText()).isEqualTo("INFO");
    assertThat(event.get("logger").asText()).isEqualTo("io.pgbackup.Some");
    assertThat(event.get("thread").asText()).isEqualTo(Thread.currentThread().getName());
    assertThat(event.get("message").asText()).isEqualTo("base backup \"completed\"\nin two lines");
    assertThat(event.get("fields").toString())
        .isEqualTo(
            "{\"backup\":\"base_1\",\"files\":3,\"bytes\":5000000000,\"delta\":true,"
                + "\"took\":\"PT1M1S\",\"nothing\":null}");
  }

  @Test
  void anExceptionComesWithItsStackAndItsCause() throws Exception {
    logger.error("it failed: {}", 7, new IllegalStateException("x", new Exception("why")));

    JsonNode event = only();
    assertThat(event.get("message").asText()).isEqualTo("it failed: 7");
    assertThat(event.has("fields")).isFalse();
    assertThat(event.get("exception").asText())
        .startsWith("java.lang.IllegalStateException: x\n")
        .contains("\tat " + getClass().getName(), "Caused by: java.lang.Exception: why");
  }

  @Test
  void whatIsBelowTheLevelIsNotWritten() {
    logger.atDebug().addKeyValue("file", "1").log("WAL stored");
    logger.debug("WAL stored");
    new JsonLogger("off", Optional.empty(), lines::add).error("no");

    assertThat(lines).isEmpty();
  }

  @Test
  void levelsAreThoseOfTheTextLog() {
    assertThat(LogLevels.ofSimpleLogger().of("org.quartz.core.QuartzScheduler"))
        .contains(Level.WARN);
    assertThat(LogLevels.ofSimpleLogger().of("io.pgbackup.agent.Agent")).contains(Level.INFO);

    Properties settings = new Properties();
    settings.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "error");
    settings.setProperty("org.slf4j.simpleLogger.log.io.pgbackup", "debug");
    settings.setProperty("org.slf4j.simpleLogger.log.io.pgbackup.store", "off");
    LogLevels levels = new LogLevels(settings);
    assertThat(levels.of("io.pgbackup.archive.WalArchiver")).contains(Level.DEBUG);
    assertThat(levels.of("io.pgbackup.store.s3.X")).isEmpty();
    assertThat(levels.of("org.quartz.X")).contains(Level.ERROR);
    assertThat(new LogLevels(new Properties()).of("x")).contains(Level.INFO);
  }
}
