package io.arbalest.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.bench.report.SvgPlot.Panel;
import io.arbalest.bench.report.SvgPlot.Point;
import io.arbalest.bench.report.SvgPlot.Series;
import java.io.StringReader;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class SvgPlotTest {

  private static Document parse(String svg) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(svg)));
  }

  private static SvgPlot plot(Series... series) {
    return new SvgPlot("a < b", "sub", "recall", "QPS", List.of(new Panel("1", List.of(series))));
  }

  @Test
  void drawsEverySeriesInsideThePicture() throws Exception {
    Series one = new Series("one", List.of(new Point(0.9, 9_000), new Point(0.99, 900)));
    Series two = new Series("two & more", List.of(new Point(0.85, 4_000), new Point(1.0, 100)));
    Document document = parse(plot(one, two).svg());
    assertThat(document.getElementsByTagName("path").getLength()).isEqualTo(2);
    Element root = document.getDocumentElement();
    double width = Double.parseDouble(root.getAttribute("width"));
    double height = Double.parseDouble(root.getAttribute("height"));
    NodeList circles = document.getElementsByTagName("circle");
    // A mark of the legend and the points.
    assertThat(circles.getLength()).isEqualTo(2 + 4);
    for (int i = 0; i < circles.getLength(); i++) {
      Element circle = (Element) circles.item(i);
      assertThat(Double.parseDouble(circle.getAttribute("cx"))).isBetween(0.0, width);
      assertThat(Double.parseDouble(circle.getAttribute("cy"))).isBetween(0.0, height);
    }
    assertThat(document.getDocumentElement().getTextContent())
        .contains("a < b", "two & more", "0.9", "1k");
  }

  @Test
  void breaksALongLegendIntoRows() throws Exception {
    Series[] many = new Series[9];
    for (int i = 0; i < many.length; i++) {
      many[i] = new Series("system/variant-" + i, List.of(new Point(0.9 + i / 100.0, 1_000)));
    }
    Element root = parse(plot(many).svg()).getDocumentElement();
    double width = Double.parseDouble(root.getAttribute("width"));
    double height = Double.parseDouble(root.getAttribute("height"));
    NodeList circles = root.getElementsByTagName("circle");
    assertThat(circles.getLength()).isEqualTo(9 + 9);
    for (int i = 0; i < circles.getLength(); i++) {
      Element circle = (Element) circles.item(i);
      assertThat(Double.parseDouble(circle.getAttribute("cx"))).isBetween(0.0, width);
      assertThat(Double.parseDouble(circle.getAttribute("cy"))).isBetween(0.0, height);
    }
  }

  @Test
  void tellsMoreSeriesApartThanItHasColours() throws Exception {
    Series[] many = new Series[20];
    for (int i = 0; i < many.length; i++) {
      many[i] = new Series("series " + i, List.of(new Point(0.9, 100), new Point(0.95, 90 - i)));
    }
    NodeList paths = parse(plot(many).svg()).getElementsByTagName("path");
    Set<String> strokes = new HashSet<>();
    for (int i = 0; i < paths.getLength(); i++) {
      Element path = (Element) paths.item(i);
      strokes.add(path.getAttribute("stroke") + path.getAttribute("stroke-dasharray"));
    }
    assertThat(strokes).hasSize(20);
  }

  @Test
  void putsFasterHigherAndBetterRecallToTheRight() throws Exception {
    Series one = new Series("one", List.of(new Point(0.9, 1_000), new Point(0.95, 100)));
    String path =
        ((Element) parse(plot(one).svg()).getElementsByTagName("path").item(0)).getAttribute("d");
    String[] numbers = path.replaceAll("[ML]", "").strip().split("\\s+");
    assertThat(Double.parseDouble(numbers[2])).isGreaterThan(Double.parseDouble(numbers[0]));
    assertThat(Double.parseDouble(numbers[3])).isGreaterThan(Double.parseDouble(numbers[1]));
  }

  @Test
  void refusesAnEmptyPlot() {
    assertThatThrownBy(() -> plot(new Series("none", List.of())))
        .hasMessageContaining("found no point");
  }
}
