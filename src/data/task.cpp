#include "gradus/data/task.h"

#include <cmath>

#include "gradus/base/error.h"

namespace gradus {

namespace {

Value text_list(const std::vector<std::string>& texts) {
  Value v = Value::array();
  for (const std::string& t : texts) v.push_back(t);
  return v;
}

std::vector<std::string> texts_in(const Value& list) {
  std::vector<std::string> texts;
  for (const Value& v : list.as_array()) texts.push_back(v.as_string());
  return texts;
}

}  // namespace

void TaskSpec::fit_scales(const Value& scale_target, std::span<const double> values, const RowIndices& train,
                          std::vector<std::string>& notes) {
  if (classifies()) {
    if (scale_target.is_null() || (scale_target.is_string() && scale_target.as_string() == "none")) return;
    throw Error(ErrorKind::config, "prepare.scale_target", "the target has classes, and only numbers are scaled",
                "leave it out, or set data.task = \"regression\" if the classes are numbers");
  }
  scales = fit_target_scales(scale_target, outputs, values, train);
  std::string note = target_scale_note(scale_target, scales, outputs, values, train);
  if (!note.empty()) notes.push_back(note);
}

Value TaskSpec::state() const {
  Value v = Value::table();
  v.set("kind", std::string(task_name(kind)));
  v.set("classes", text_list(classes));
  v.set("outputs", text_list(outputs));
  if (!scales.empty()) v.set("scales", scales_state(scales));
  if (forecast) v.set("forecast", forecast->state());
  if (per_step) v.set("per_step", true);
  if (language) v.set("language", true);
  if (translation) v.set("translation", true);
  if (!per_place) return v;
  v.set("per_place", true);
  if (!classifies()) v.set("range", Value::Array{low, high});
  if (!spacing.empty()) v.set("spacing", Value::Array(spacing.begin(), spacing.end()));
  return v;
}

TaskSpec TaskSpec::restored(const Value& state) {
  TaskSpec task;
  const std::string& name = state.at("kind").as_string();
  for (Task k : {Task::regression, Task::binary, Task::multiclass})
    if (name == task_name(k)) task.kind = k;
  if (name != task_name(task.kind)) throw Error(ErrorKind::data, {"task", "a known kind", "\"" + name + "\"", ""});
  task.classes = texts_in(state.at("classes"));
  task.outputs = texts_in(state.at("outputs"));
  if (const Value* forecast = state.find("forecast"))
    task.forecast = ForecastTask::restored(*forecast, task.outputs.size());
  if (const Value* places = state.find("per_place")) task.per_place = places->as_bool();
  if (const Value* steps = state.find("per_step")) task.per_step = steps->as_bool();
  if (const Value* language = state.find("language")) task.language = language->as_bool();
  if (const Value* translation = state.find("translation")) task.translation = translation->as_bool();
  if (const Value* range = state.find("range")) {
    const Value::Array& ends = range->as_array("range");
    bool two = ends.size() == 2;
    if (two) {
      task.low = ends[0].as_real("range");
      task.high = ends[1].as_real("range");
    }
    if (!two || !(task.low < task.high) || !std::isfinite(task.high - task.low))
      throw Error(ErrorKind::data, {"range", "two numbers, the lower first", describe(*range), ""});
  }
  if (const Value* spacing = state.find("spacing"))
    for (const Value& s : spacing->as_array("spacing")) {
      double along = task.spacing.emplace_back(s.as_real("spacing"));
      if (!(along > 0) || !std::isfinite(along))
        throw Error(ErrorKind::data, {"spacing", "numbers above 0", describe(s), ""});
    }
  if (const Value* scales = state.find("scales")) task.scales = restored_scales(*scales, task.outputs.size());
  return task;
}

}  // namespace gradus
