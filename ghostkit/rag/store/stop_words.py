"""Words that say little by themselves, per language: left out of a query where other words are there to match.

Function words only (articles, pronouns, prepositions, conjunctions, auxiliaries), in the form they have after
NFKC and casefolding. A missing language has none, and loses a little speed.
"""

from __future__ import annotations

from functools import cache
from typing import Final

_WORDS: Final = {
    "en": """a an and any are aren't as at be been being but by can't cannot could couldn't did didn't do does
doesn't doing don't for from had hadn't has hasn't have haven't having he he'd he'll he's her hers herself him
himself his how i i'd i'll i'm i've if in into is isn't it it'd it'll it's its itself me my myself no nor not of on
or our ours ourselves she she'd she'll she's should shouldn't so some such than that that's the their theirs them
themselves then there there's these they they'd they'll they're they've this those to too was wasn't we we'd we'll
we're we've were weren't what what's when where which while who who's whom why will with won't would wouldn't you
you'd you'll you're you've your yours yourself yourselves""",
    "ru": """а без более бы был была были было быть в вам вас весь во вот все всего всех вы где да даже для до его
ее если есть еще же за здесь и из или им их к как ко когда кто ли либо мне может мы на надо наш не него нее ни них
но ну о об однако он она они оно от очень по под при с со так также такой там те тем то того тоже той только том ты
у уже хотя чего чей чем что чтобы чье чья эта эти это этого этой этом этот я меня мной мою мой моя мое мои тебя тебе
тобой твой твоя свой своя свое свои своего своей себя себе собой ему ей ею нам нас вами нами ними нем ней этим этих
этому тех тому та тот потом потому чтоб через над перед про между лишь ведь тогда всем всей которые который которая
которое которого которой которых""",
    "de": """aber alle allem allen aller alles als also am an ander andere anderem anderen anderer anderes auch auf
aus bei bin bis bist da damit dann das dass dasselbe dazu dein deine deinem deinen deiner dem den denn der derer des
dessen dich die dies diese diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer eines er es
etwas euch euer eure eurem euren eurer fur für gegen hab habe haben hat hatte hatten hier hin hinter ich ihm ihn
ihnen ihr ihre ihrem ihren ihrer im in indem ins ist jede jedem jeden jeder jedes jene jenem jenen jener jenes kann
kein keine keinem keinen keiner man manche manchem manchen mancher mein meine meinem meinen meiner mich mir mit nach
nicht noch nun nur ob oder ohne sehr sein seine seinem seinen seiner selbst sich sie sind so solche solchem solchen
sollte sondern sonst um und uns unser unsere unserem unseren unserer unter vom von vor war waren warst was weg weil
welche welchem welchen welcher wenn werde werden wie wieder will wir wird wirst wo wurde wurden während zu zum zur
zwar zwischen über dass""",
    "fr": """a ai aie aient ait as au aura aurait aux avaient avais avait avant avec avez avions avons ayant c ce
ceci cela celle celles celui ces cet cette ceux ci comme d dans de des donc dont du elle elles en es est et eu eux
fut furent il ils j je l la le les leur leurs lui m ma mais me mes moi mon même n ne ni nos notre nous on ont ou où
par pas pour qu que quel quelle quelles quels qui quoi s sa sans se sera serait ses si soi soit son sont sous sur t
ta te tes toi ton tous tout toute toutes tu un une vos votre vous y à été étaient étais était étant être""",
    "es": """a al algo algunas algunos ante antes aquel aquella aquellos como con contra cual cuando de del desde
donde durante e el ella ellas ellos en entre era eran eras es esa esas ese eso esos esta estaba estaban estas este
esto estos está están fue fueron ha había habían han hasta hay la las le les lo los me mi mis mucho muchos muy más
mí nada ni no nos nosotros nuestra nuestro o os otra otras otro otros para pero poco por porque que quien quienes
qué se sea ser si sido sin sobre son su sus suya suyo sí también tanto te ti tiene todo todos tu tus tú un una uno
unos vosotros vuestra vuestro y ya yo él""",
    "it": """a ad agli ai al alla alle allo anche avere aveva avevano c che chi ci col come con contro cui d da
dagli dai dal dalla dalle dallo degli dei del della delle dello di dov dove e ed era erano essere fu furono gli ha
hai hanno ho i il in io l la le lei li lo loro lui m ma me mi mia mie miei mio ne negli nei nel nella nelle nello
noi non nostra nostro o per perché più quale quando quanto quella quelle quelli quello questa queste questi questo s
se sei si sia siamo sono sta su sua sue sugli sui sul sulla sulle sullo suo suoi t ti tra tu tua tue tuo tuoi tutti
tutto un una uno v vi voi vostra vostro è""",
    "pt": """a ao aos aquela aquelas aquele aqueles aquilo as até com como da das de dela delas dele deles depois do
dos e ela elas ele eles em entre era eram essa essas esse esses esta estas estava estavam este estes está eu foi
foram haver havia isso isto já lhe lhes mais mas me mesmo meu meus minha minhas muito na nas nem no nos nossa nossas
nosso nossos num numa não nós o os ou para pela pelas pelo pelos por qual quando que quem se seja sem ser seu seus
sido sobre sua suas são só também te tem tinha tinham tu tua tuas tudo têm um uma umas uns vocês você vos à às é""",
    "nl": """aan al alles als altijd andere ben bij daar dan dat de der deze die dit doch doen door dus een eens en
er ge geen geweest haar had hadden heb hebben heeft hem het hier hij hoe hun iemand iets ik in is ja je kan kon
kunnen maar me meer men met mij mijn moet na naar niet niets nog nu of om omdat onder ons ook op over reeds te tegen
toch toen tot u uit uw van veel voor want waren was wat werd wezen wie wil worden wordt zal ze zelf zich zij zijn zo
zonder zou""",
    "sv": """alla allt att av blev bli blir blivit de dem den denna deras dess dessa det detta dig din dina ditt du
där då efter ej eller en er era ert ett från för ha hade han hans har henne hennes hon honom hur här i icke ingen
inom inte jag ju kan kunde man med mellan men mig min mina mitt mot mycket ni nu när någon något några och om oss på
samma sedan sig sin sina sitta själv skulle som så sådan till under upp ut utan vad var vara varför varit varje vars
vart vem vi vid vilka vilken vilket vår våra vårt än är åt över""",
    "da": """af alle alt anden at blev blive bliver da de dem den denne der deres det dette dig din disse dog du
efter eller en end er et for fra ham han hans har havde have hende hendes her hos hun hvad hvis hvor i ikke ind jeg
jer jo kunne man mange med meget men mig min mine mit mod ned noget nogle nu når og også om op os over på selv sig
sin sine sit skal skulle som sådan thi til ud under var vi vil ville vor være været""",
    "no": """alle at av bare begge ble blei bli blir blitt både da de deg dei deim deira dem den denne der dere
deres det dette di din disse ditt du eg ein eit eitt eller elles en enn er et ett etter for fordi fra før ha hadde
han hans har hennar henne hennes her hjå ho hun hva hvem hvilke hvilken hvis hvor hvordan hvorfor i ikke ingen inn
inni ja jeg kan kom kun kunne man mange med meg men mer mi min mine mitt mot noe noen nå når og også om opp oss over
på selv seg si sia sin sine sitt skal skulle slik so som som sånn til um upp ut uten var vart vere vi vil ville vår
være vært å""",
    "fi": """ei eivät emme en et ette että he heidän heidät heitä hän häneen häneltä hänen hänet hän häntä itse ja
jo joka jonka jos jota jotka kanssa keitä ken ketä koska kuin kuka kun me meidän meidät meille meitä mikä minkä
minua minun minut minä missä mitkä mitä mukaan mutta myös ne niiden niin niitä noin nuo nämä näiden näitä olemme
olen olet olette oli olimme olin olisi olisit olit olivat olla olleet ollut on ovat se sekä sen siinä siitä sillä
sinun sinut sinä sitä te teidän teitä tai tuo tämä tämän tätä vaan vai vaikka""",
    "pl": """a aby ale am bardzo bez bo by byl byla bylo byly być był była było były co czy dla do gdy gdzie go i
ich im ja jak jako je jednak jego jej jest jestem jeszcze już kiedy kto która które który ku lub ma mi mnie mu my na
nad nam nas nie nich nim niż o od on ona one oni ono oraz po pod przed przez przy się so są ta tak także tam te tego
tej ten to tu ty tych tylko tym u w we więc z za ze że żeby""",
    "uk": """а але б без би був була були було бути в вам вас ви від він вона вони воно все для до є же за з зі і із
її їй їм їх й його йому к коли ми мене мені на нам нас не ні але о об од по при про с та так також те ти той то того
тому у хто це цей ця ці чи що щоб я як який яка яке які""",
    "tr": """acaba ama ancak bana bazı belki ben benim bir biri birşey biz bizim bu buna bunda bundan bunlar bunu
bunun çok çünkü da daha de defa diye en gibi hem hep her için ile ise kez ki kim mı mi mu mü nasıl ne neden nerede
niçin o ona ondan onlar onu onun sen siz şey şu tüm ve veya ya yani""",
}


@cache
def stop_words(language: str) -> frozenset[str]:
    """Of a language by its ISO 639-1 code; of none that isn't listed."""
    return frozenset(_WORDS.get(language, "").replace("ё", "е").split())
