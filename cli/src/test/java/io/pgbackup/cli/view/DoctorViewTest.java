package io.pgbackup.cli.view;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.doctor.Diagnosis;
import io.pgbackup.doctor.Finding;
import io.pgbackup.doctor.Group;
import io.pgbackup.doctor.Outcome;
import io.pgbackup.problem.Problem;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DoctorViewTest {
  private static final Finding FINE =
      new Finding(Group.STORAGE, "clock", Outcome.pass("this clock and the store's agree"));
  private static final Finding OVERWRITES =
      new Finding(
          Group.STORAGE,
          "create-only",
          Outcome.fail(
              Problem.refused(
                  "the store ignores If-None-Match: * on PUT and overwrote an object",
                  "A second server could overwrite this archive. Use another store.")));
  private static final Finding MAY =
      new Finding(Group.ISOLATION, "list-root", Outcome.warn("it may", "Look here."));
  private static final Finding MAY_TOO =
      new Finding(Group.ISOLATION, "list-twin", Outcome.warn("it may too", "Look here."));
  private static final Finding ABSENT =
      new Finding(Group.AGENT, "running", Outcome.skip("no agent answers"));
  private static final Finding BEHIND =
      new Finding(Group.AGENT, "socket", Outcome.behind("agent running"));
  private static final Diagnosis DIAGNOSIS =
      new Diagnosis(List.of(FINE, OVERWRITES, MAY, MAY_TOO, ABSENT, BEHIND), Optional.empty());

  private static String text(boolean colour) {
    DoctorView view = new DoctorView(80, colour);
    StringBuilder text = new StringBuilder();
    DIAGNOSIS.findings().forEach(finding -> text.append(view.lines(finding)));
    return text.append(view.summary(DIAGNOSIS)).toString();
  }

  @Test
  void fitsATerminalAndSaysARemedyOnce() {
    assertThat(text(false))
        .isEqualTo(
            """
            storage: what the store does, tried
              pass  clock             this clock and the store's agree
              FAIL  create-only       the store ignores If-None-Match: * on PUT and
                                      overwrote an object
                                      -> A second server could overwrite this archive. Use
                                         another store.

            isolation: what the credential may do elsewhere
              warn  list-root         it may
                                      -> Look here.
              warn  list-twin         it may too

            agent: the agent and its surroundings
              skip  running           no agent answers

            1 failed, 2 warned, 1 passed, 2 not tried
            """);
    assertThat(text(false).lines())
        .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(80));
  }

  @Test
  void colourChangesNothingButTheVerdicts() {
    assertThat(text(true)).contains("\u001b[31mFAIL\u001b[0m  create-only");
    assertThat(text(true).replaceAll("\u001b\\[\\d+m", "")).isEqualTo(text(false));
  }

  @Test
  void jsonSaysTheSame() throws Exception {
    JsonNode json = new ObjectMapper().readTree(JsonOutput.render(DoctorView.json(DIAGNOSIS)));

    assertThat(json.path("verdict").asText()).isEqualTo("fail");
    assertThat(json.path("exitStatus").asInt()).isEqualTo(4);
    assertThat(json.path("checks")).hasSize(6);
    JsonNode check = json.path("checks").path(1);
    assertThat(check.path("group").asText()).isEqualTo("storage");
    assertThat(check.path("verdict").asText()).isEqualTo("fail");
    assertThat(check.path("remedy").asText()).contains("another store");
    assertThat(check.path("exitStatus").asInt()).isEqualTo(4);
    assertThat(json.path("checks").path(0).path("remedy").isNull()).isTrue();
  }
}
