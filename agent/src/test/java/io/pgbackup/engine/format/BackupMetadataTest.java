package io.pgbackup.engine.format;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.problem.PgBackupException;
import org.junit.jupiter.api.Test;

class BackupMetadataTest {
  @Test
  void aMarkChangesNothingElse() {
    String json =
        """
        {"start_time":"2026-11-21T02:13:40.296785Z","system_identifier":17710442175026949048,\
        "is_permanent":false,"theirs":{"a":[1]},"user_data":{"ticket":4711}}""";

    assertThat(marked(json, true))
        .isEqualTo(
            """
            {"start_time":"2026-11-21T02:13:40.296785Z","system_identifier":17710442175026949048,\
            "theirs":{"a":[1]},"user_data":{"ticket":4711},"is_permanent":true}""");
  }

  @Test
  void aMarkInAnotherSpellingIsReplaced() {
    assertThat(marked("{\"IS_Permanent\":true}", false)).isEqualTo("{\"is_permanent\":false}");
    assertThat(marked("{}", true)).isEqualTo("{\"is_permanent\":true}");
  }

  @Test
  void whatIsNoMetadataIsNotWrittenBack() {
    assertThatThrownBy(() -> marked("[]", true)).isInstanceOf(PgBackupException.class);
    assertThatThrownBy(() -> marked("null", true)).isInstanceOf(PgBackupException.class);
  }

  private static String marked(String json, boolean permanent) {
    return new String(
        BackupMetadata.marked(json.getBytes(UTF_8), permanent, "metadata.json"), UTF_8);
  }
}
