"""Which elements and attributes BPMN 2.0's XML has: the content of its schema Semantic.xsd as a table.

A table of our own rather than a schema validator, because its findings then name the element in both languages, a
vendor's elements and attributes make no file invalid (the schema refuses them in places where every tool writes
them), and a wrong order of children, which changes no meaning, is no reason to refuse.
"""
from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# One type a line: ``name < base | attributes | children``; what is indented goes on. An attribute is
# ``name[!][:kind]`` (! = required; kind = boolean, integer, id, uri, an enumeration (a/b), @what it points at, else
# text). A child is ``name[:type or @target][? * + {m,n}]``; a child that heads a group stands for its members.
_TABLE = """
activity < flowNode | isForCompensation:boolean startQuantity:integer completionQuantity:integer
    default:@sequenceFlow | ioSpecification? property* dataInputAssociation* dataOutputAssociation* resourceRole*
    loopCharacteristics?
adHocSubProcess < subProcess | cancelRemainingInstances:boolean ordering:(Parallel/Sequential) |
    completionCondition:expression?
artifact < baseElement
assignment < baseElement | | from:expression to:expression
association < artifact | sourceRef!:@any targetRef!:@any associationDirection:(None/One/Both)
auditing < baseElement
baseElement < - | id:id | documentation* extensionElements?
baseElementWithMixedContent < - | id:id | documentation* extensionElements?
boundaryEvent < catchEvent | cancelActivity:boolean attachedToRef!:@activity
businessRuleTask < task | implementation:uri
callActivity < activity | calledElement:@?
callChoreography < choreographyActivity | calledChoreographyRef:@? | participantAssociation*
callConversation < conversationNode | calledCollaborationRef:@? | participantAssociation*
callableElement < rootElement | name | supportedInterfaceRef:@interface* ioSpecification? ioBinding*
cancelEventDefinition < eventDefinition
catchEvent < event | parallelMultiple:boolean | dataOutput* dataOutputAssociation* outputSet? eventDefinition*
    eventDefinitionRef:@eventDefinition*
category < rootElement | name | categoryValue*
categoryValue < baseElement | value
choreography < collaboration | | flowElement*
choreographyActivity < flowNode | initiatingParticipantRef!:@participant
    loopType:(None/Standard/MultiInstanceSequential/MultiInstanceParallel) | participantRef:@participant{2,}
    correlationKey*
choreographyTask < choreographyActivity | | messageFlowRef:@messageFlow{1,2}
collaboration < rootElement | name isClosed:boolean | participant* messageFlow* artifact* conversationNode*
    conversationAssociation* participantAssociation* messageFlowAssociation* correlationKey* choreographyRef:@?*
    conversationLink*
compensateEventDefinition < eventDefinition | waitForCompletion:boolean activityRef:@activity
complexBehaviorDefinition < baseElement | | condition:formalExpression event:implicitThrowEvent?
complexGateway < gateway | default:@sequenceFlow | activationCondition:expression?
conditionalEventDefinition < eventDefinition | | condition:expression
conversation < conversationNode
conversationAssociation < baseElement | innerConversationNodeRef!:@? outerConversationNodeRef!:@?
conversationLink < baseElement | name sourceRef!:@any targetRef!:@any
conversationNode < baseElement | name | participantRef:@participant* messageFlowRef:@messageFlow* correlationKey*
correlationKey < baseElement | name | correlationPropertyRef:@correlationProperty*
correlationProperty < rootElement | name type:@? | correlationPropertyRetrievalExpression+
correlationPropertyBinding < baseElement | correlationPropertyRef!:@correlationProperty | dataPath:formalExpression
correlationPropertyRetrievalExpression < baseElement | messageRef!:@message | messagePath:formalExpression
correlationSubscription < baseElement | correlationKeyRef!:@correlationKey | correlationPropertyBinding*
dataAssociation < baseElement | | sourceRef:@data* targetRef:@data transformation:formalExpression? assignment*
dataInput < baseElement | name itemSubjectRef:@itemDefinition isCollection:boolean | dataState?
dataInputAssociation < dataAssociation
dataObject < flowElement | itemSubjectRef:@itemDefinition isCollection:boolean | dataState?
dataObjectReference < flowElement | itemSubjectRef:@itemDefinition dataObjectRef:@dataObject | dataState?
dataOutput < baseElement | name itemSubjectRef:@itemDefinition isCollection:boolean | dataState?
dataOutputAssociation < dataAssociation
dataState < baseElement | name
dataStore < rootElement | name capacity:integer isUnlimited:boolean itemSubjectRef:@itemDefinition | dataState?
dataStoreReference < flowElement | itemSubjectRef:@itemDefinition dataStoreRef:@dataStore | dataState?
definitions < - | id:id name targetNamespace!:uri expressionLanguage:uri typeLanguage:uri exporter exporterVersion |
    import* extension* rootElement* BPMNDiagram* relationship*
documentation < - | id:id textFormat | ANY
endEvent < throwEvent
endPoint < rootElement
error < rootElement | name errorCode structureRef:@?
errorEventDefinition < eventDefinition | errorRef:@error
escalation < rootElement | name escalationCode structureRef:@?
escalationEventDefinition < eventDefinition | escalationRef:@escalation
event < flowNode | | property*
eventBasedGateway < gateway | instantiate:boolean eventGatewayType:(Exclusive/Parallel)
eventDefinition < rootElement
exclusiveGateway < gateway | default:@sequenceFlow
expression < baseElementWithMixedContent
extension < - | definition:@? mustUnderstand:boolean | documentation*
extensionElements < - | | ANY
flowElement < baseElement | name | auditing? monitoring? categoryValueRef:@categoryValue*
flowNode < flowElement | | incoming:@sequenceFlow* outgoing:@sequenceFlow*
formalExpression < expression | language:uri evaluatesToTypeRef:@?
gateway < flowNode | gatewayDirection:(Unspecified/Converging/Diverging/Mixed)
globalBusinessRuleTask < globalTask | implementation:uri
globalChoreographyTask < choreography | initiatingParticipantRef:@participant
globalConversation < collaboration
globalManualTask < globalTask
globalScriptTask < globalTask | scriptLanguage:uri | script?
globalTask < callableElement | | resourceRole*
globalUserTask < globalTask | implementation:uri | rendering*
group < artifact | categoryValueRef:@categoryValue
humanPerformer < performer
implicitThrowEvent < throwEvent
import < - | namespace!:uri location! importType!:uri
inclusiveGateway < gateway | default:@sequenceFlow
inputOutputBinding < baseElement | operationRef!:@operation inputDataRef!:@dataInput outputDataRef!:@dataOutput
inputOutputSpecification < baseElement | | dataInput* dataOutput* inputSet+ outputSet+
inputSet < baseElement | name | dataInputRefs:@dataInput* optionalInputRefs:@dataInput*
    whileExecutingInputRefs:@dataInput* outputSetRefs:@outputSet*
interface < rootElement | name! implementationRef:@? | operation+
intermediateCatchEvent < catchEvent
intermediateThrowEvent < throwEvent
itemDefinition < rootElement | structureRef:@? isCollection:boolean itemKind:(Information/Physical)
lane < baseElement | name partitionElementRef:@? | partitionElement:baseElement? flowNodeRef:@flowNode*
    childLaneSet:laneSet?
laneSet < baseElement | name | lane*
linkEventDefinition < eventDefinition | name! | source:@linkEventDefinition* target:@linkEventDefinition?
loopCharacteristics < baseElement
manualTask < task
message < rootElement | name itemRef:@itemDefinition
messageEventDefinition < eventDefinition | messageRef:@message | operationRef:@operation?
messageFlow < baseElement | name sourceRef!:@any targetRef!:@any messageRef:@message
messageFlowAssociation < baseElement | innerMessageFlowRef!:@? outerMessageFlowRef!:@?
monitoring < baseElement
multiInstanceLoopCharacteristics < loopCharacteristics | isSequential:boolean behavior:(None/One/All/Complex)
    oneBehaviorEventRef:@eventDefinition noneBehaviorEventRef:@eventDefinition | loopCardinality:expression?
    loopDataInputRef:@data? loopDataOutputRef:@data? inputDataItem:dataInput? outputDataItem:dataOutput?
    complexBehaviorDefinition* completionCondition:expression?
operation < baseElement | name! implementationRef:@? | inMessageRef:@message outMessageRef:@message?
    errorRef:@error*
outputSet < baseElement | name | dataOutputRefs:@dataOutput* optionalOutputRefs:@dataOutput*
    whileExecutingOutputRefs:@dataOutput* inputSetRefs:@inputSet*
parallelGateway < gateway
participant < baseElement | name processRef:@process | interfaceRef:@interface* endPointRef:@?*
    participantMultiplicity?
participantAssociation < baseElement | | innerParticipantRef:@participant outerParticipantRef:@participant
participantMultiplicity < baseElement | minimum:integer maximum:integer
partnerEntity < rootElement | name | participantRef:@participant*
partnerRole < rootElement | name | participantRef:@participant*
performer < resourceRole
potentialOwner < humanPerformer
process < callableElement | processType:(None/Public/Private) isClosed:boolean isExecutable:boolean
    definitionalCollaborationRef:@? | auditing? monitoring? property* laneSet* flowElement* artifact* resourceRole*
    correlationSubscription* supports:@process*
property < baseElement | name itemSubjectRef:@itemDefinition | dataState?
receiveTask < task | implementation:uri instantiate:boolean messageRef:@message operationRef:@operation
relationship < baseElement | type! direction:(None/Forward/Backward/Both) | source:@?+ target:@?+
rendering < baseElement
resource < rootElement | name! | resourceParameter*
resourceAssignmentExpression < baseElement | | expression
resourceParameter < baseElement | name type:@? isRequired:boolean
resourceParameterBinding < baseElement | parameterRef!:@resourceParameter | expression
resourceRole < baseElement | name | resourceRef:@resource? resourceParameterBinding* resourceAssignmentExpression?
rootElement < baseElement
script < - | | ANY
scriptTask < task | scriptFormat | script?
sendTask < task | implementation:uri messageRef:@message operationRef:@operation
sequenceFlow < flowElement | sourceRef!:@flowNode targetRef!:@flowNode isImmediate:boolean |
    conditionExpression:expression?
serviceTask < task | implementation:uri operationRef:@operation
signal < rootElement | name structureRef:@?
signalEventDefinition < eventDefinition | signalRef:@signal
standardLoopCharacteristics < loopCharacteristics | testBefore:boolean loopMaximum:integer |
    loopCondition:expression?
startEvent < catchEvent | isInterrupting:boolean
subChoreography < choreographyActivity | | flowElement* artifact*
subConversation < conversationNode | | conversationNode*
subProcess < activity | triggeredByEvent:boolean | laneSet* flowElement* artifact*
task < activity
terminateEventDefinition < eventDefinition
text < - | | ANY
textAnnotation < artifact | textFormat | text?
throwEvent < event | | dataInput* dataInputAssociation* inputSet? eventDefinition*
    eventDefinitionRef:@eventDefinition*
timerEventDefinition < eventDefinition | | timeDate:expression? timeDuration:expression? timeCycle:expression?
transaction < subProcess | method:uri
userTask < task | implementation:uri | rendering*
"""

#: Heads of substitution groups -> their members.
GROUPS: dict[str, frozenset[str]] = {
    "flowNode": frozenset((
        "adHocSubProcess", "boundaryEvent", "businessRuleTask", "callActivity", "callChoreography",
        "choreographyTask", "complexGateway", "endEvent", "event", "eventBasedGateway", "exclusiveGateway",
        "implicitThrowEvent", "inclusiveGateway", "intermediateCatchEvent", "intermediateThrowEvent", "manualTask",
        "parallelGateway", "receiveTask", "scriptTask", "sendTask", "serviceTask", "startEvent", "subChoreography",
        "subProcess", "task", "transaction", "userTask")),
    "activity": frozenset((
        "adHocSubProcess", "businessRuleTask", "callActivity", "manualTask", "receiveTask", "scriptTask", "sendTask",
        "serviceTask", "subProcess", "task", "transaction", "userTask")),
    "artifact": frozenset(("association", "group", "textAnnotation")),
    "conversationNode": frozenset(("callConversation", "conversation", "subConversation")),
    "eventDefinition": frozenset((
        "cancelEventDefinition", "compensateEventDefinition", "conditionalEventDefinition", "errorEventDefinition",
        "escalationEventDefinition", "linkEventDefinition", "messageEventDefinition", "signalEventDefinition",
        "terminateEventDefinition", "timerEventDefinition")),
    "loopCharacteristics": frozenset(("multiInstanceLoopCharacteristics", "standardLoopCharacteristics")),
    "resourceRole": frozenset(("resourceRole", "performer", "humanPerformer", "potentialOwner")),
    "expression": frozenset(("expression", "formalExpression")),
    "data": frozenset(("dataObject", "dataObjectReference", "dataStoreReference", "dataStore", "dataInput",
                       "dataOutput", "property")),
}
GROUPS["flowElement"] = GROUPS["flowNode"] | {"dataObject", "dataObjectReference", "dataStoreReference",
                                              "sequenceFlow"}
GROUPS["rootElement"] = GROUPS["eventDefinition"] | {
    "category", "collaboration", "choreography", "globalConversation", "globalChoreographyTask",
    "correlationProperty", "dataStore", "endPoint", "error", "escalation", "globalBusinessRuleTask",
    "globalManualTask", "globalScriptTask", "globalTask", "globalUserTask", "interface", "itemDefinition", "message",
    "partnerEntity", "partnerRole", "process", "resource", "signal"}

#: Elements whose type is not named like them wherever they stand.
_NAMED = {"ioSpecification": "inputOutputSpecification", "ioBinding": "inputOutputBinding"}


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    required: bool
    kind: str                        # boolean | integer | id | uri | enumeration | reference | text
    choices: tuple[str, ...] = ()
    target: str = ""


@dataclass(frozen=True, slots=True)
class Child:
    name: str                        # an element's name or the head of a group
    type: str                        # the type of its content; empty for a reference
    target: str                      # what it points at, where its text is a reference
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Type:
    attributes: dict[str, Attribute]
    children: tuple[Child, ...]

    def child(self, name: str) -> tuple[int, Child] | None:
        """The place and rule of a child element, None where it may not stand."""
        for place, child in enumerate(self.children):
            if child.name == name or name in GROUPS.get(child.name, ()):
                return place, child
        return None


_MULTIPLICITY = {"": (1, 1), "?": (0, 1), "*": (0, None), "+": (1, None)}
_CHILD = re.compile(r"(\w+)(?::(@?[\w?]+?))?(\?|\*|\+|\{\d+,\d*\})?")


def _attribute(word: str) -> Attribute:
    name, _, kind = word.partition(":")
    required = name.endswith("!")
    name = name.rstrip("!")
    if kind.startswith("@"):
        return Attribute(name, required, "reference", target=kind[1:])
    if kind.startswith("("):
        return Attribute(name, required, "enumeration", tuple(kind[1:-1].split("/")))
    return Attribute(name, required, kind or "text")


def _child(word: str) -> Child:
    match = _CHILD.fullmatch(word)
    assert match, word
    name, kind, times = match[1], match[2] or "", match[3] or ""
    if times.startswith("{"):
        low, high = times[1:-1].split(",")
        least, most = int(low), int(high) if high else None
    else:
        least, most = _MULTIPLICITY[times]
    if kind.startswith("@"):
        return Child(name, "", kind[1:], least, most)
    return Child(name, kind or _NAMED.get(name, name), "", least, most)


@lru_cache(maxsize=1)
def _lines() -> dict[str, tuple[str, list[str], list[str]]]:
    rows: dict[str, tuple[str, list[str], list[str]]] = {}
    for line in re.sub(r"\n +", " ", _TABLE).strip().splitlines():
        head, attributes, children = ([part.strip() for part in line.split("|")] + ["", ""])[:3]
        name, base = head.split(" < ")
        rows[name] = (base, attributes.split(), children.split())
    return rows


@lru_cache(maxsize=256)
def type_of(name: str) -> Type | None:
    """The attributes and children of a type or element, those of its base first; None for an unknown name."""
    row = _lines().get(_NAMED.get(name, name))
    if row is None:
        return None
    base = type_of(row[0]) if row[0] != "-" else None
    attributes = dict(base.attributes) if base else {}
    attributes.update((a.name, a) for a in map(_attribute, row[1]))
    children = (base.children if base else ()) + tuple(_child(word) for word in row[2] if word != "ANY")
    return Type(attributes, children)


def derives(name: str, base: str) -> bool:
    """Whether type ``name`` is ``base`` or extends it."""
    while name != base:
        row = _lines().get(name)
        if row is None:
            return False
        name = row[0]
    return True
