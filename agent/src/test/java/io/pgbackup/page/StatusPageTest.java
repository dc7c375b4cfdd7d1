package io.pgbackup.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.status.Page;
import io.pgbackup.status.StatusSnapshot.Gap;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatusPageTest {
  private final Snapshot snapshot = new Snapshot();

  private String html() {
    return StatusPage.of(snapshot.taken(), Snapshot.backups()).html();
  }

  @Test
  void answersWhatCanBeRestored() {
    assertThat(html())
        .contains(
            "<h1 class=\"good\">Protected</h1>",
            "The newest moment that can be restored is 2026-11-21T04:59:58Z, 2 s ago.",
            "every moment from <time>2026-11-08T05:00:00Z</time> to before <time>",
            "timeline 2",
            "nothing waits; last stored 9 s ago",
            "copying, 40 GiB read in 1 min 35 s",
            "2026-11-22T02:00:00Z (0 2 * * *, UTC)",
            "14 of 40; pgbackup backups lists all.",
            "PostgreSQL 18.6, primary, timeline 2");
  }

  @Test
  void saysWhenEachBaseBackupWasRestoredOnTrialAndHowThatWent() {
    assertThat(html())
        .contains(
            "<td><span class=\"good\">passed </span><time>2026-11-19T05:00:00Z</time>"
                + "<small> 2 d ago</small>",
            "<td><span class=\"bad\">failed </span><time>2026-11-12T05:00:00Z</time>")
        .containsOnlyOnce("passed ");
  }

  @ParameterizedTest
  @CsvSource({
    "false, true, true, bad, PostgreSQL does not answer",
    "true, false, true, waiting, WAL is not stored",
    "true, true, false, waiting, Not known yet"
  })
  void saysTheWorstFirst(
      boolean reachable, boolean archiving, boolean read, String level, String words) {
    snapshot.reachable = reachable;
    snapshot.archiving = archiving;
    snapshot.read = read;
    snapshot.windows = read ? snapshot.windows : List.of();

    assertThat(html()).contains("<h1 class=\"%s\">%s</h1>".formatted(level, words));
  }

  @Test
  void namesProblemsWithWhatToDo() {
    snapshot.problems = List.of(Snapshot.problem("s3://backups does not answer"));

    assertThat(html())
        .contains(
            "<h1 class=\"bad\">One problem</h1>",
            "<b>storage</b> s3://backups does not answer<small> since 2026-11-21T04:59:00Z</small>",
            "<p>PostgreSQL keeps its WAL until then.</p>");
  }

  @Test
  void saysThatNothingCanBeRestoredYet() {
    snapshot.windows = List.of();

    assertThat(html())
        .contains(
            "<h1 class=\"waiting\">Not protected yet</h1>",
            "Nothing yet: no base backup with its WAL is in the archive.");
  }

  @Test
  void showsWhatIsMissing() {
    snapshot.gaps =
        List.of(new Gap("000000010000000000000004", "000000010000000000000005", "closed"));

    assertThat(html())
        .contains(
            "Protected, with gaps",
            "segments 000000010000000000000004 to 000000010000000000000005");
  }

  /// What a store or a server says ends up in problems; it must not become markup.
  @Test
  void showsForeignTextAsText() {
    snapshot.problems = List.of(Snapshot.problem("<script>alert('x')</script> & \"more\""));

    assertThat(html())
        .doesNotContain("<script")
        .contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;more&quot;");
  }

  @Test
  void drawsTheSameInEveryLanguage() {
    Locale before = Locale.getDefault();
    String expected = html();
    try {
      Locale.setDefault(Locale.GERMANY);
      assertThat(html()).isEqualTo(expected);
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void drawsWindowsToScale() {
    snapshot.windows =
        List.of(Snapshot.window(-100_000, -75_000, 1), Snapshot.window(-50_000, 0, 1));

    String drawn = StatusPage.of(snapshot.taken(), List.of()).html();

    assertThat(drawn)
        .contains(
            "class=window x=0.0 y=4 width=250.0",
            "class=gap x=250.0 y=8 width=250.0",
            "cannot be restored</span>",
            "class=window x=500.0 y=4 width=500.0");
  }

  @Test
  void loadsNothing() {
    Page page = StatusPage.of(snapshot.taken(), Snapshot.backups());

    assertThat(page.html()).doesNotContain("http://", "https://", "src=", "href=", "url(");
    assertThat(page.policy()).startsWith("default-src 'none'; style-src 'sha256-");
  }
}
