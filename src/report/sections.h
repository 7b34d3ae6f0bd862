#pragma once

// The parts of the report; a part's body is empty where the run has nothing to show there.

#include <string>
#include <vector>

#include "gradus/report/html.h"
#include "gradus/report/report.h"

namespace gradus {

Section summary_section(const RunReport& report);                // headline figures, what the numbers say, warnings
Section curves_section(const RunReport& report);                 // a plot for each figure of the history
Section results_section(const RunReport& report);                // metrics of each part, confusion matrix, classes
Section fits_section(const RunReport& report);                   // regression: predicted against true, errors
Section forecasts_section(const RunReport& report);              // series: truth and forecasts, errors by step ahead
Section text_mistakes_section(const RunReport& report);          // texts and sequences: the worst mistakes
std::vector<Section> picture_sections(const RunReport& report);  // worst mistakes and galleries
Section reach_section(const RunReport& report);                  // sequences: gradients by distance in time
Section samples_section(const RunReport& report);                // texts that the model made
Section attention_section(const RunReport& report);              // what it looked at while it did
Section data_section(const RunReport& report);
Section model_section(const RunReport& report);
Section reproduce_section(const RunReport& report);  // commands, configuration, facts of the run

const std::string& page_style();
const std::string& page_script();

}  // namespace gradus
